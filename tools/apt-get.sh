#!/usr/bin/env bash
# apt-get for this project's scripts, which run side by side: one at a time and without questions.
# apt's own waiting covers dpkg's lock alone, not those of its lists and its archive. A mirror that does
# not answer is asked again, later each time.
set -euo pipefail
export DEBIAN_FRONTEND=noninteractive
exec flock --timeout 1800 /var/cache/apt/trunkline.lock \
  apt-get -o Acquire::Retries=5 -o DPkg::Lock::Timeout=600 -o Dpkg::Use-Pty=0 "$@"
