#!/usr/bin/env bash
# Uses the machine's npm to install Node.js and npm into the folder $1, with links to them in $1/bin. Used if the
# machine's Node.js is too old. The lock file in this folder has the hashes of the packages.
set -euo pipefail
cd "$(dirname "$0")"
source ../lib.sh

case $(uname -m) in
  x86_64) platform=linux-x64 ;;
  aarch64) platform=linux-arm64 ;;
  *) die "npm has no Node binary for $(uname -m); install Node $NODE_MIN_VERSION or later" ;;
esac
cp package.json package-lock.json "$1"
npm ci --ignore-scripts --no-audit --no-fund --prefix "$1"
mkdir "$1/bin"
ln -s "../node_modules/node-$platform/bin/node" "$1/bin/node"
ln -s ../node_modules/.bin/npm ../node_modules/.bin/npx "$1/bin"
