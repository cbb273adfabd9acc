#!/bin/sh
# Appends standard input, a line of JSON about calls that a drain cuts, to a log. Runs on the controller, as root.
log=/var/log/trunkline/drain.log
install -d -m 0750 "${log%/*}"
umask 027
cat >>"$log"
chmod 0640 "$log"
