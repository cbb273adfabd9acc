#!/usr/bin/env bash
# Prints where a root file system with kamaki is, Synnefo's own client, making it when it is missing.
# kamaki is written in Python 2, which Debian had in bullseye for the last time.
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

Prints the directory of a root file system that has kamaki, and makes it first when it is missing.
Others read it: never write into it.

  TRUNKLINE_CACHE  where it is kept (now ${store%/kamaki})
END
    exit
    ;;
esac
[[ $# -eq 0 ]] || die "no argument is known: see tests/okeanos/kamaki/root.sh --help"

# The archive that this machine's own apt uses.
archive() {
    local uri
    # shellcheck disable=SC2016 # apt's own variable
    uri=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' 'Label: Debian' | sed -n 1p)
    [[ -n $uri ]] || die "apt has no archive of Debian; add one to /etc/apt/sources.list.d and run apt-get update"
    printf '%s' "${uri%/}"
}

make() {
    local work=$1 file
    mmdebstrap --quiet --variant=minbase --include=python2.7,python-pip-whl,python-setuptools,ca-certificates \
        bullseye "$work" "$(archive)"
    # How this machine reaches and trusts the Python package index; gone again below.
    for file in /etc/resolv.conf /etc/hosts /etc/pip.conf /etc/ssl/certs/ca-certificates.crt; do
        [[ ! -e $file ]] || cp --remove-destination "$file" "$work$file"
    done
    cp "$here/requirements.txt" "$work/tmp/"
    PYTHONPATH=$(cd "$work" && printf '/%s' usr/share/python-wheels/pip-*.whl) chroot "$work" \
        python2.7 -m pip install --no-cache-dir --no-deps --require-hashes --disable-pip-version-check -r /tmp/requirements.txt
    rm -f "$work/tmp/requirements.txt" "$work/etc/pip.conf" "$work/etc/resolv.conf"
    chroot "$work" kamaki --version
}

[[ $(id -u) -eq 0 ]] || die "a root file system is made by root: run this with sudo"
mkdir -p "$store"
exec 9>"$store/.lock"
flock 9
if [[ ! -e $root ]]; then
    work=$(mktemp -d "$store/.new-XXXXXX")
    trap 'rm -rf --one-file-system "$work"' EXIT
    chmod 755 "$work"
    say "making $root (log: $store/log)"
    make "$work" >"$store/log" 2>&1 || die "it cannot be made: $(tail -n 1 "$store/log")"
    mv -T "$work" "$root"
    find "$store" -mindepth 1 -maxdepth 1 -type d ! -path "$root" -exec rm -rf --one-file-system {} +
fi
printf '%s\n' "$root"
