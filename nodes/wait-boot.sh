#!/bin/sh
# Waits for the end of the first boot and prints result.json of cloud-init; nothing if there is no cloud-init.
#
#   wait-boot.sh SECONDS
#
# Exit code 3: the boot is not done within SECONDS. The wait is here and not in the caller, because a request for each
# check would slow down a server that boots. The result of the image's check of the files is ignored: a server may boot
# with the files of its predecessor.

# Seconds since the boot: a first boot sets the clock.
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
