# shellcheck shell=bash
# Shared functions of bake.sh, build.sh, rootfs.sh and upload.sh. Sourced, never run.

IMAGES=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
CACHE=${TRUNKLINE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/trunkline}
STORE=$CACHE/images

say() { printf 'images: %s\n' "$*"; }
die() {
    printf 'images: %s\n' "$*" >&2
    exit 1
}

known_images() {
    local file
    for file in "$IMAGES"/definitions/*.sh; do basename "$file" .sh; done
}

# Checks and prints the given names of images; without arguments, prints the names of all images.
wanted_images() {
    local name
    if [[ $# -eq 0 ]]; then
        known_images
        return
    fi
    for name; do
        [[ -e $IMAGES/definitions/$name.sh ]] ||
            die "unknown image '$name'; known images: $(known_images | paste -sd' ')"
        printf '%s\n' "$name"
    done
}

# Prints the image format. direct: a file system, booted with a separate kernel and initramfs. vm: a whole disk with
# a boot loader; to partition it, this machine needs device-mapper.
image_format() {
    local format=${TRUNKLINE_IMAGE_FORMAT:-}
    [[ -n $format ]] || { [[ -e /dev/mapper/control ]] && format=vm || format=direct; }
    [[ $format == vm || $format == direct ]] || die "invalid TRUNKLINE_IMAGE_FORMAT '$format'; use vm or direct"
    printf '%s\n' "$format"
}

# Prints the time of the last fresh build of an image (build.sh --fresh); empty if there was none. The stamp is part
# of the key, so that no older image replaces the fresh one.
image_stamp() { cat "$STORE/$1.fresh" 2>/dev/null || true; }

# Prints the key of an image: a hash of all inputs except Debian's packages. A new key means a new build.
image_key() { # image_key NAME [STAMP]
    local name=$1 stamp=${2-$(image_stamp "$1")} element
    # shellcheck source=/dev/null
    element=$(. "$IMAGES/definitions/$name.sh" && printf '%s' "$element")
    (
        cd "$IMAGES" || exit
        image_format
        sha256sum bake.sh requirements.txt "definitions/$name.sh"
        # Hashes names, executable bits and contents. Git stores these, and the umask of a clone does not change them.
        find elements/pbx-node "elements/$element" -type f -printf '%p %m\n' | sed -E 's/ .?[1357]..$/ x/; s/ [0-9]+$//' | LC_ALL=C sort
        find elements/pbx-node "elements/$element" -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum
        printf '%s' "$stamp"
    ) | sha256sum | cut -c1-12
}

image_dir() { printf '%s/%s-%s\n' "$STORE" "$1" "$(image_key "$1")"; }

# Installs the pinned Python tools in a virtual environment and prints its bin directory. Installs wheels only, because
# the tools with which pip builds packages are not pinned by hashes.
python_tools() {
    local key venv
    key=$(sha256sum <"$IMAGES/requirements.txt" | cut -c1-12)
    venv=$CACHE/images-tools-$key
    if [[ ! -e $venv/.complete ]]; then
        mkdir -p "$CACHE"
        (
            flock 9
            [[ ! -e $venv/.complete ]] || exit 0
            rm -rf "$venv"
            # A virtual environment contains its own path, so it cannot be built elsewhere and renamed.
            { /usr/bin/python3 -m venv "$venv" &&
                "$venv/bin/pip" install --quiet --disable-pip-version-check --require-hashes --only-binary :all: \
                    -r "$IMAGES/requirements.txt"; } >&2 ||
                die "could not install images/requirements.txt; on Debian, run: apt-get install python3-venv"
            touch "$venv/.complete"
        ) 9>"$CACHE/.images-tools.lock" || return
    fi
    printf '%s\n' "$venv/bin"
}
