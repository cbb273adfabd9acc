#!/usr/bin/env bash
# Uploads the golden images to the cloud in use. Builds missing images first.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

fresh=()
case ${1:-} in
-h | --help)
    cat <<END
usage: images/upload.sh [--help] [--fresh] [NAME...]

Uploads golden images, as private images of the project; by default all: $(known_images | paste -sd' ').
Uploads only images that are new or have changed, and deletes their old versions. With --fresh, rebuilds
the images from today's packages first: see images/build.sh --help.

The cloud is the entry OS_CLOUD of clouds.yaml, or the cloud that the OS_* variables describe. If neither
is set, it is the lab on this machine.
END
    exit
    ;;
--fresh) fresh=(--fresh) && shift ;;
-*) die "unknown option '$1'; see images/upload.sh --help" ;;
esac

lab=${LAB_STATE:-/var/lib/trunkline-lab}/clouds.yaml
# If another cloud was set in this shell after `make env`, ignore the variables that `make env` has set.
[[ ${OS_AUTH_URL:-} != *.invalid/* ]] || unset OS_AUTH_URL
if [[ ${OS_CLIENT_CONFIG_FILE:-} == "$lab" ]]; then
    [[ ${OS_CLOUD:-} != trunkline-lab || -z ${OS_AUTH_URL:-} ]] || unset OS_CLOUD
    [[ ${OS_CLOUD:-} == trunkline-lab ]] || unset OS_CLIENT_CONFIG_FILE
fi
# Check that there is a cloud before the images are built, which takes minutes.
if [[ -z ${OS_CLOUD:-} && -z ${OS_AUTH_URL:-} ]]; then
    [[ -e $lab ]] ||
        die "no cloud is configured; set OS_CLOUD to an entry of clouds.yaml, or set OS_AUTH_URL and the other OS_* variables, or start the lab with: make lab-up"
    "$IMAGES/../lab/lab.sh" status >/dev/null ||
        die "no cloud is configured, and the lab is not fully running; start the lab with: make lab-up"
    export OS_CLOUD=trunkline-lab OS_CLIENT_CONFIG_FILE=$lab
fi
names=$(wanted_images "$@")
# shellcheck disable=SC2086
"$IMAGES/build.sh" "${fresh[@]}" $names
tools=$(python_tools)
dirs=()
for name in $names; do dirs+=("$(image_dir "$name")"); done

# One upload at a time: a second upload would delete the unfinished images of the first one.
exec 9>"$STORE/.upload.lock"
flock 9
"$tools/python" -I "$IMAGES/upload.py" "${dirs[@]}"
