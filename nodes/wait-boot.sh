#!/bin/sh
# Waits for the end of the first boot and prints result.json of cloud-init. Prints nothing if there is no cloud-init.
#
#   wait-boot.sh SECONDS
#
# Exit code 3: the boot is not done within SECONDS.
#
# The script waits on the server, because a request over SSH for each check would slow down the boot.
#
# The script does not check whether trunkline-preflight.service has failed. This service rejects a SIP driver that the
# image does not have. A server may boot with old files that name such a driver. The caller replaces the files later.

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
