#!/bin/sh
# Waits for the end of the first boot and prints result.json of cloud-init. Prints nothing if there is no cloud-init.
#
#   wait-boot.sh SECONDS
#
# Exit code 3: the boot is not done within SECONDS.
#
# The script waits on the server, because a request over SSH for each check would slow down the boot. The script ignores
# the result of the image's check of the files (trunkline-preflight.service). A server may boot with the files of its
# predecessor, and these may fail the check. The caller replaces these files after the boot.

# Prints the uptime in seconds. The wall clock may jump, because the first boot sets it.
now() {
  read -r seconds _ </proc/uptime
  echo "${seconds%.*}"
}
end=$(($(now) + $1))
while [ -d /run/cloud-init ] && [ ! -e /run/cloud-init/result.json ]; do
  [ "$(now)" -lt "$end" ] || exit 3
  sleep 0.5
done
cat /run/cloud-init/result.json 2>/dev/null || true
