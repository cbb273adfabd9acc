#!/usr/bin/env bash
# Prints the path of a root file system with kamaki, Synnefo's own client. Creates the file system if it is missing.
# kamaki needs Python 2. The last Debian release with Python 2 is bullseye.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
store=${TRUNKLINE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/trunkline}/kamaki
root=$store/$(cat "$here/root.sh" "$here/requirements.txt" | sha256sum | cut -c1-12)

say() { printf 'kamaki: %s\n' "$*" >&2; }
die() {
    say "$@"
    exit 1
}

case ${1:-} in
-h | --help)
    cat <<END
usage: tests/okeanos/kamaki/root.sh [--help]

Prints the path of a root file system with kamaki. Creates the root file system if it is missing.
Do not write into it, because other test runs use it.

  TRUNKLINE_CACHE  folder for the root file system (now ${store%/kamaki})
END
    exit
    ;;
esac
[[ $# -eq 0 ]] || die "takes no arguments; see tests/okeanos/kamaki/root.sh --help"

# Prints the URL of the Debian archive that apt uses on this machine.
archive() {
    local uri
    # shellcheck disable=SC2016 # apt expands this variable
    uri=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' 'Label: Debian' | sed -n 1p)
    [[ -n $uri ]] || die "apt has no Debian archive; add one to /etc/apt/sources.list.d and run apt-get update"
    printf '%s' "${uri%/}"
}

make() {
    local work=$1 file
    mmdebstrap --quiet --variant=minbase --include=python2.7,python-pip-whl,python-setuptools,ca-certificates \
        bullseye "$work" "$(archive)"
    # Files with which this machine finds and trusts the Python package index. Some of them are removed below.
    for file in /etc/resolv.conf /etc/hosts /etc/pip.conf /etc/ssl/certs/ca-certificates.crt; do
        [[ ! -e $file ]] || cp --remove-destination "$file" "$work$file"
    done
    cp "$here/requirements.txt" "$work/tmp/"
    PYTHONPATH=$(cd "$work" && printf '/%s' usr/share/python-wheels/pip-*.whl) chroot "$work" \
        python2.7 -m pip install --no-cache-dir --no-deps --require-hashes --disable-pip-version-check -r /tmp/requirements.txt
    rm -f "$work/tmp/requirements.txt" "$work/etc/pip.conf" "$work/etc/resolv.conf"
    chroot "$work" kamaki --version
}

[[ $(id -u) -eq 0 ]] || die "only root can create a root file system; run this with sudo"
mkdir -p "$store"
exec 9>"$store/.lock"
flock 9
if [[ ! -e $root ]]; then
    work=$(mktemp -d "$store/.new-XXXXXX")
    trap 'rm -rf --one-file-system "$work"' EXIT
    chmod 755 "$work"
    say "creating $root (log: $store/log)"
    make "$work" >"$store/log" 2>&1 || die "cannot create $root: $(tail -n 1 "$store/log")"
    mv -T "$work" "$root"
    find "$store" -mindepth 1 -maxdepth 1 -type d ! -path "$root" -exec rm -rf --one-file-system {} +
fi
printf '%s\n' "$root"
