#!/usr/bin/env bash
# Writes the pid and start time of this process to a file, then replaces the process by the command.
#   become.sh PID-FILE COMMAND...
set -euo pipefail
file=$1
shift
read -ra status <"/proc/$$/stat"
echo "$$ ${status[21]}" >"$file.new"
mv "$file.new" "$file"
cd /
exec "$@"
