#!/usr/bin/env bash
# Installs Node.js, the Pulumi CLI with its language host for Node.js, and the OpenStack plugin.
set -euo pipefail
source "$(dirname "$0")/lib.sh"
source "$tools_dir/download.sh"
source "$tools_dir/go.sh"

usage() {
  cat <<HELP
usage: tools/install.sh [--node]

Installs Node.js, pulumi and the OpenStack plugin. With --node (for tools/with-node.sh), installs only Node.js.
Takes each tool from the first source that has it:
  node, npm  PATH (Node $NODE_MIN_VERSION or later), apt, npm
  pulumi     PATH ($PULUMI_VERSION or later, with pulumi-language-nodejs), Pulumi's download site,
             the public Go modules (needs Go; about 5 minutes on 2 cores)
  plugin     the user's own plugins, Pulumi's download site, the public Go modules

Downloads and builds are stored in $cache.
PULUMI_DOWNLOAD_SITE is a mirror of https://get.pulumi.com. Files without a line in
tools/pulumi-release/checksums.txt are not downloaded.
Afterwards: eval "\$(tools/env.sh)"
HELP
}

main() {
  local node_alone=false
  case ${1-} in
    '') ;;
    --node) node_alone=true ;;
    --help) usage && exit ;;
    *) die "unknown argument '$1'; see tools/install.sh --help" ;;
  esac
  if ! $node_alone && installed; then
    say "ready"
    return
  fi

  # Only one installation runs at a time: a second clone waits for the builds of the first, and then uses them.
  mkdir -p "$cache"
  exec {lock}>"$cache/lock"
  flock --nonblock "$lock" || { say "waiting for another 'make tools' to finish" && flock "$lock"; }
  if ! $node_alone && installed; then
    return
  fi
  forget_own_path
  choose_node
  if $node_alone; then
    make_parts
    return
  fi
  choose_pulumi
  make_parts
  put_together
  installed || die "the installed tools do not work; remove $cache and run 'make tools' again"
  say "ready"
}

installed() { "$tools_dir/env.sh" >/dev/null 2>&1; }

# Removes earlier sets of these tools from PATH, so that they do not count as tools of the machine.
forget_own_path() {
  PATH=$(tr ':' '\n' <<<"$PATH" | { grep --invert-match --fixed-strings "$cache/" || true; } |
    paste --serial --delimiters=:)
}

# Names of the parts to make. A part is a folder next to this file, whose build.sh makes one or more tools.
parts=()

choose_node() {
  node_is_new_enough && return
  if ! command -v npm >/dev/null; then
    apt_install nodejs npm ||
      die "Node $NODE_MIN_VERSION or later with npm is missing; see https://nodejs.org/en/download"
    node_is_new_enough && return
  fi
  say "fetching node $NODE_VERSION from npm"
  parts+=(node)
}

choose_pulumi() {
  # The machine's own pulumi is used only with the plugin: it would fetch a missing plugin without a check of its hash.
  if own_pulumi_is_new_enough && own_pulumi_has_plugin; then
    say "using $(command -v pulumi)"
  elif download_reachable; then
    say "downloading pulumi $PULUMI_VERSION"
    parts+=(pulumi-release)
  else
    say "cannot download from $site; building pulumi $PULUMI_VERSION (about 5 minutes on 2 cores)"
    need_go
    parts+=(pulumi-cli pulumi-language-nodejs pulumi-resource-openstack)
  fi
}

own_pulumi_is_new_enough() {
  command -v pulumi >/dev/null && command -v pulumi-language-nodejs >/dev/null &&
    at_least "$(pulumi version | tr -d v)" "$PULUMI_VERSION"
}

own_pulumi_has_plugin() {
  pulumi plugin ls | awk -v version="$OPENSTACK_PLUGIN_VERSION" \
    '$1 == "openstack" && $3 == version { found = 1 } END { exit !found }'
}

# Makes the parts in parallel, because they do not depend on each other.
make_parts() {
  local part pid running=() failed=false
  for part in "${parts[@]}"; do
    part "$part" &
    running+=($!)
  done
  for pid in "${running[@]}"; do
    wait "$pid" || failed=true
  done
  if $failed; then exit 1; fi
}

# Links the parts into one folder. Uses hard links: Pulumi looks for its language host in the folder of
# its real executable, and warns about a host that it finds elsewhere.
put_together() {
  local part dir
  dir=$(installed_dir)
  rm -rf "$dir" "$dir.partial"
  mkdir "$dir.partial"
  for part in "${parts[@]}"; do
    cp --archive --link "$(part_dir "$part")/." "$dir.partial"
  done
  mv -T "$dir.partial" "$dir"
}

main "$@"
