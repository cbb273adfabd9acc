#!/usr/bin/env bash
# Runs a command with Node on PATH, installing it first where there is none that is new enough.
set -euo pipefail
source "$(dirname "$0")/lib.sh"

if [[ $# -eq 0 || $1 == --help ]]; then
  echo "usage: tools/with-node.sh COMMAND [ARGUMENT...]"
  exit
fi

if ! node_is_new_enough; then
  "$tools_dir/install.sh"
  eval "$("$tools_dir/env.sh")"
fi
exec "$@"
