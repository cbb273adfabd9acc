#!/bin/sh
# Appends standard input, a JSON line about a drain, to the log of drains. Runs on the controller, as root.
log=/var/log/trunkline/drain.log
install -d -m 0750 "${log%/*}"
umask 027
cat >>"$log"
chmod 0640 "$log"
