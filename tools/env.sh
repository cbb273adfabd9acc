#!/usr/bin/env bash
# Prints shell commands that put the installed tools on PATH: eval "$(tools/env.sh)".
set -euo pipefail
source "$(dirname "$0")/lib.sh"

if [[ ${1-} == --help ]]; then
  cat <<'HELP'
usage: eval "$(tools/env.sh)"

Puts the tools that 'make tools' has installed on PATH of the shell that evaluates the output: pulumi, its
language host for Node.js, and Node.js. 'make tools' does not install a tool that is new enough on the machine.
With an installed pulumi, sets PULUMI_HOME to the folder with the OpenStack plugin.
Fails if 'make tools' has not been run since tools/pins.env changed.
HELP
  exit
fi

dir=$(installed_dir)
[[ -d $dir ]] || die "tools are not installed, or tools/pins.env has changed; run 'make tools' first"
if [[ ! -x $dir/bin/pulumi ]] && ! command -v pulumi >/dev/null; then
  die "pulumi is no longer on PATH; run 'make tools' again"
fi

# shellcheck disable=SC2016 # $PATH is for the shell that evaluates this
[[ $PATH == "$dir/bin":* ]] || printf 'export PATH=%q:"$PATH"\n' "$dir/bin"
printf 'export PULUMI_SKIP_UPDATE_CHECK=true\n'
# If the user's own CLI is used, PULUMI_HOME is not set, so the CLI keeps its plugins and log-ins.
[[ ! -x $dir/bin/pulumi ]] || printf 'export PULUMI_HOME=%q\n' "$dir"
