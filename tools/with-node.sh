#!/usr/bin/env bash
# Runs a command with Node on PATH, installing it first where there is none that is new enough.
set -euo pipefail
source "$(dirname "$0")/lib.sh"

if [[ $# -eq 0 || $1 == --help ]]; then
  echo "usage: tools/with-node.sh COMMAND [ARGUMENT...]"
  exit
fi

# Node alone, and not all tools: whoever calls this can prepare the others side by side.
if ! node_is_new_enough; then
  node=$(part_dir node)
  [[ -d $node ]] || "$tools_dir/install.sh" --node
  [[ ! -d $node ]] || PATH=$node/bin:$PATH
  node_is_new_enough || die "Node $NODE_MIN_VERSION or later is missing: see https://nodejs.org/en/download"
fi
exec "$@"
