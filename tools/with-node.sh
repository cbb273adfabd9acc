#!/usr/bin/env bash
# Runs a command with Node.js on PATH. Installs Node.js first if it is missing or too old.
set -euo pipefail
source "$(dirname "$0")/lib.sh"

if [[ $# -eq 0 || $1 == --help ]]; then
  echo "usage: tools/with-node.sh COMMAND [ARGUMENT...]"
  exit
fi

# Installs only Node, not all tools: the caller can install the others in parallel.
if ! node_is_new_enough; then
  node=$(part_dir node)
  [[ -d $node ]] || "$tools_dir/install.sh" --node
  [[ ! -d $node ]] || PATH=$node/bin:$PATH
  node_is_new_enough || die "Node $NODE_MIN_VERSION or later is missing; see https://nodejs.org/en/download"
fi
exec "$@"
