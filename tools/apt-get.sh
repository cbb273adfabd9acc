#!/usr/bin/env bash
# Runs apt-get without questions, and only one apt-get at a time. This project's scripts run in parallel, and apt
# itself waits only for the lock of dpkg, not for the locks of its lists and its archive. If a mirror does not answer,
# apt retries with growing pauses.
set -euo pipefail
export DEBIAN_FRONTEND=noninteractive

if [[ ${1-} != --locked ]]; then
  exec flock --timeout 1800 /var/cache/apt/trunkline.lock "$0" --locked "$@"
fi
shift

# A killed dpkg leaves its journal, and apt-get fails while the journal exists. An error here is ignored, because
# apt-get reports what dpkg cannot repair (a package that cannot be configured, or another dpkg that runs).
if compgen -G "${DPKG_ADMINDIR:-/var/lib/dpkg}/updates/[0-9]*" >/dev/null; then
  dpkg --force-confdef --force-confold --configure -a </dev/null >&2 || true
fi
exec apt-get -o Acquire::Retries=5 -o DPkg::Lock::Timeout=600 -o Dpkg::Use-Pty=0 "$@"
