#!/usr/bin/env bash
# Checks every shell script of the repository with shellcheck, and every Python program with pyflakes. Finds scripts
# and programs by the extension or the first line.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

missing=()
for command in shellcheck pyflakes3; do
  command -v "$command" >/dev/null || missing+=("$command")
done
if ((${#missing[@]} > 0)); then
  echo "tests/lint-scripts.sh: missing: ${missing[*]}; install with: apt-get install ${missing[*]}" >&2
  exit 1
fi

is_shell='^#!.*[/ ](ba|da)?sh( |$)|^# shellcheck shell='
is_python='^#!.*[/ ]python3( |$)'
shell=() python=()
while IFS= read -r -d '' file; do
  [[ -f $file ]] || continue
  IFS= read -r first <"$file" || true
  if [[ $file == *.sh || $first =~ $is_shell ]]; then
    shell+=("$file")
  elif [[ $file == *.py || $first =~ $is_python ]]; then
    python+=("$file")
  fi
done < <(git ls-files -z --cached --others --exclude-standard)

if ((${#shell[@]} == 0 || ${#python[@]} == 0)); then
  echo "tests/lint-scripts.sh: no scripts found; run it in a clone of the repository" >&2
  exit 1
fi
shellcheck --external-sources --source-path=SCRIPTDIR "${shell[@]}"
pyflakes3 "${python[@]}"
