# shellcheck shell=bash
# Shared functions of the scripts in this folder: messages, versions, and parts (see install.sh) in the cache.

tools_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=${TRUNKLINE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/trunkline}/tools

# shellcheck source=pins.env
source "$tools_dir/pins.env"

say() { printf 'tools: %s\n' "$*" >&2; }
die() {
  say "$@"
  exit 1
}

# at_least FOUND WANTED: succeeds if version FOUND is WANTED or later.
at_least() { printf '%s\n%s\n' "$2" "$1" | sort --version-sort --check=silent; }

node_is_new_enough() {
  command -v npm >/dev/null && command -v node >/dev/null &&
    at_least "$(node --version | tr -d v)" "$NODE_MIN_VERSION"
}

# key_of FOLDER...: prints a hash of all files in the folders, of pins.env and of go.sh.
key_of() {
  (
    cd "$tools_dir" || exit
    find pins.env go.sh "$@" -type f -print0 | sort --zero-terminated |
      xargs --null sha256sum | sha256sum | cut --characters=1-16
  )
}

# part_dir PART: prints the folder in the cache for the part that PART/build.sh makes.
part_dir() { printf '%s/%s-%s\n' "$cache" "$1" "$(key_of "$1")"; }

# part PART: makes the part unless the cache has it. Builds in another folder and renames it, so that a killed build
# leaves no part that looks complete.
part() {
  local dir
  dir=$(part_dir "$1")
  [[ -d $dir ]] && return
  rm -rf "$dir.partial"
  mkdir "$dir.partial"
  if ! "$tools_dir/$1/build.sh" "$dir.partial" >"$dir.log" 2>&1; then
    tail -n 20 "$dir.log" >&2
    die "could not build $1; full log: $dir.log"
  fi
  mv -T "$dir.partial" "$dir"
}

# apt_install PACKAGE...: installs packages as root; fails if this is not root or there is no apt-get.
apt_install() {
  [[ $EUID -eq 0 ]] && command -v apt-get >/dev/null || return 1
  say "installing $* with apt"
  "$tools_dir/apt-get.sh" -qq update >&2 &&
    "$tools_dir/apt-get.sh" -qq install --yes --no-install-recommends "$@" >&2
}

# Prints the folder of the installed tools. It contains bin/, and plugins/ as in PULUMI_HOME. Tools that are not in bin/
# are on the machine's own PATH.
installed_dir() {
  printf '%s/%s\n' "$cache" \
    "$(key_of pulumi-cli pulumi-language-nodejs pulumi-release pulumi-resource-openstack node)"
}
