#!/usr/bin/env bash
# apt-get for this project's scripts, which run side by side: one at a time and without questions.
# apt's own waiting covers dpkg's lock alone, not those of its lists and its archive. A mirror that does
# not answer is asked again, later each time.
set -euo pipefail
export DEBIAN_FRONTEND=noninteractive

if [[ ${1-} != --locked ]]; then
  exec flock --timeout 1800 /var/cache/apt/trunkline.lock "$0" --locked "$@"
fi
shift

# A dpkg that was killed leaves its journal, and as long as that lies there apt-get does nothing. What dpkg
# cannot mend (a package that does not configure, a dpkg of somebody else that runs) apt-get says itself.
if compgen -G "${DPKG_ADMINDIR:-/var/lib/dpkg}/updates/[0-9]*" >/dev/null; then
  dpkg --force-confdef --force-confold --configure -a </dev/null >&2 || true
fi
exec apt-get -o Acquire::Retries=5 -o DPkg::Lock::Timeout=600 -o Dpkg::Use-Pty=0 "$@"
