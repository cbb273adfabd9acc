#!/usr/bin/env bash
# Uploads the golden images to the cloud in use, building those that are missing.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

case ${1:-} in
-h | --help)
    cat <<END
usage: images/upload.sh [--help] [NAME...]

Uploads golden images, as private images of the project; by default all: $(known_images | paste -sd' ').
What the cloud already has is left alone, what has changed is replaced.

The cloud is the one that OS_CLOUD names in clouds.yaml, or that the OS_* variables describe.
END
    exit
    ;;
-*) die "unknown option '$1': see images/upload.sh --help" ;;
esac

[[ -n ${OS_CLOUD:-} || -n ${OS_AUTH_URL:-} ]] ||
    die "no cloud: set OS_CLOUD to the name of one in clouds.yaml, or OS_AUTH_URL and its companions"
names=$(wanted_images "$@")
# shellcheck disable=SC2086
"$IMAGES/build.sh" $names
tools=$(python_tools)
dirs=()
for name in $names; do dirs+=("$(image_dir "$name")"); done

# Two uploads at once would each take the other's half-uploaded images for leftovers.
exec 9>"$STORE/.upload.lock"
flock 9
"$tools/python" -I "$IMAGES/upload.py" "${dirs[@]}"
