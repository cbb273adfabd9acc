#!/usr/bin/env bash
# Prints the path of a golden image's root file system. Builds the image first if it is missing.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

case ${1:-} in
-h | --help)
    cat <<END
usage: images/rootfs.sh [--help] NAME

Prints the directory with the root file system of the image NAME ($(known_images | paste -sd' ')),
exactly as it is on the disk. Other programs read the directory: never write to it.
END
    exit
    ;;
-*) die "unknown option '$1'; see images/rootfs.sh --help" ;;
esac
[[ $# -eq 1 ]] || die "expected one image name; see images/rootfs.sh --help"

name=$(wanted_images "$1")
"$IMAGES/build.sh" "$name" >&2
printf '%s/rootfs\n' "$(image_dir "$name")"
