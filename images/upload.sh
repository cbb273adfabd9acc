#!/usr/bin/env bash
# Uploads the golden images to the cloud in use, building those that are missing.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

fresh=()
case ${1:-} in
-h | --help)
    cat <<END
usage: images/upload.sh [--help] [--fresh] [NAME...]

Uploads golden images, as private images of the project; by default all: $(known_images | paste -sd' ').
What the cloud already has is left alone, what has changed is replaced. With --fresh, images are first
built anew from today's packages: see images/build.sh --help.

The cloud is the one that OS_CLOUD names in clouds.yaml, or that the OS_* variables describe; where
neither does, the lab on this machine.
END
    exit
    ;;
--fresh) fresh=(--fresh) && shift ;;
-*) die "unknown option '$1': see images/upload.sh --help" ;;
esac

lab=${LAB_STATE:-/var/lib/trunkline-lab}/clouds.yaml
# What `make env` has left in this shell is not meant where another cloud has been named since.
[[ ${OS_AUTH_URL:-} != *.invalid/* ]] || unset OS_AUTH_URL
if [[ ${OS_CLIENT_CONFIG_FILE:-} == "$lab" ]]; then
    [[ ${OS_CLOUD:-} != trunkline-lab || -z ${OS_AUTH_URL:-} ]] || unset OS_CLOUD
    [[ ${OS_CLOUD:-} == trunkline-lab ]] || unset OS_CLIENT_CONFIG_FILE
fi
# That there is no cloud to take them is said before images are built, which takes minutes.
if [[ -z ${OS_CLOUD:-} && -z ${OS_AUTH_URL:-} ]]; then
    [[ -e $lab ]] ||
        die "no cloud: set OS_CLOUD to the name of one in clouds.yaml, or OS_AUTH_URL and its companions, or start the lab: make lab-up"
    "$IMAGES/../lab/lab.sh" status >/dev/null ||
        die "no cloud is named, and of the lab not everything runs; start it with: make lab-up"
    export OS_CLOUD=trunkline-lab OS_CLIENT_CONFIG_FILE=$lab
fi
names=$(wanted_images "$@")
# shellcheck disable=SC2086
"$IMAGES/build.sh" "${fresh[@]}" $names
tools=$(python_tools)
dirs=()
for name in $names; do dirs+=("$(image_dir "$name")"); done

# Two uploads at once would each take the other's half-uploaded images for leftovers.
exec 9>"$STORE/.upload.lock"
flock 9
"$tools/python" -I "$IMAGES/upload.py" "${dirs[@]}"
