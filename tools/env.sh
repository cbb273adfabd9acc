#!/usr/bin/env bash
# Prints the shell commands that put the installed tool chain to use: eval "$(tools/env.sh)".
set -euo pipefail
source "$(dirname "$0")/lib.sh"

if [[ ${1-} == --help ]]; then
  cat <<'HELP'
usage: eval "$(tools/env.sh)"

Puts pulumi, its Node host, the OpenStack plugin and Node on PATH of the shell that evaluates it.
Fails when 'make tools' has not been run for this version of the pins.
HELP
  exit
fi

dir=$(installed_dir)
[[ -d $dir ]] || die "not installed, or the pins have changed: run 'make tools' first"
if [[ ! -x $dir/bin/pulumi ]] && ! command -v pulumi >/dev/null; then
  die "the pulumi that was on PATH is gone: run 'make tools' again"
fi

# shellcheck disable=SC2016 # $PATH is for the shell that evaluates this
[[ $PATH == "$dir/bin":* ]] || printf 'export PATH=%q:"$PATH"\n' "$dir/bin"
printf 'export PULUMI_SKIP_UPDATE_CHECK=true\n'
# The user's own CLI keeps the user's own home, with its plugins and logins.
[[ ! -x $dir/bin/pulumi ]] || printf 'export PULUMI_HOME=%q\n' "$dir"
