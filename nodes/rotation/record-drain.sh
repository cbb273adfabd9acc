#!/bin/sh
# Appends standard input, a line of JSON about a drain, to the log $1. Runs on the controller, as root.
log=$1
install -d -m 0750 "${log%/*}"
umask 027
cat >>"$log"
chmod 0640 "$log"
