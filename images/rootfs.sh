#!/usr/bin/env bash
# Prints where the root file system of a golden image is, building the image first when it is missing.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

case ${1:-} in
-h | --help)
    cat <<END
usage: images/rootfs.sh [--help] NAME

Prints the directory that holds the root file system of the image NAME
($(known_images | paste -sd' ')), exactly as it is on the disk. Others read it: never write into it.
END
    exit
    ;;
-*) die "unknown option '$1': see images/rootfs.sh --help" ;;
esac
[[ $# -eq 1 ]] || die "one image name is needed: see images/rootfs.sh --help"

name=$(wanted_images "$1")
"$IMAGES/build.sh" "$name" >&2
printf '%s/rootfs\n' "$(image_dir "$name")"
