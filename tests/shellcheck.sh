#!/usr/bin/env bash
# Checks every shell script of the repository with shellcheck. A file is a shell script if its extension is .sh, or if
# its first line names a shell. Scripts of images have no extension.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

if ! command -v shellcheck >/dev/null; then
  echo "tests/shellcheck.sh: shellcheck is missing; install it with: apt-get install shellcheck" >&2
  exit 1
fi

is_shell='^#!.*[/ ](ba|da)?sh( |$)|^# shellcheck shell='
scripts=()
while IFS= read -r -d '' file; do
  [[ -f $file ]] || continue
  IFS= read -r first <"$file" || true
  if [[ $file == *.sh || $first =~ $is_shell ]]; then
    scripts+=("$file")
  fi
done < <(git ls-files -z --cached --others --exclude-standard)

if ((${#scripts[@]} == 0)); then
  echo "tests/shellcheck.sh: no shell scripts found; run it in a clone of the repository" >&2
  exit 1
fi
shellcheck --external-sources --source-path=SCRIPTDIR "${scripts[@]}"
