# shellcheck shell=bash
# What build.sh, rootfs.sh and upload.sh share. Sourced, never run.

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

# The images named on the command line, or all of them.
wanted_images() {
    local name
    if [[ $# -eq 0 ]]; then
        known_images
        return
    fi
    for name; do
        [[ -e $IMAGES/definitions/$name.sh ]] ||
            die "no image '$name': choose from $(known_images | paste -sd' ')"
        printf '%s\n' "$name"
    done
}

# direct: a file system, booted with a kernel and an initramfs beside it. vm: a whole disk with a boot
# loader, which cannot be partitioned here without device-mapper.
image_format() {
    local format=${TRUNKLINE_IMAGE_FORMAT:-}
    [[ -n $format ]] || { [[ -e /dev/mapper/control ]] && format=vm || format=direct; }
    [[ $format == vm || $format == direct ]] || die "TRUNKLINE_IMAGE_FORMAT is '$format': use vm or direct"
    printf '%s\n' "$format"
}

# When the image in use was built anew though nothing but Debian had changed (build.sh --fresh); empty where
# none ever was. As a part of the key it keeps that image from giving way to an older one.
image_stamp() { cat "$STORE/$1.fresh" 2>/dev/null || true; }

# Everything that goes into an image, and so decides whether it must be built again.
image_key() { # image_key NAME [STAMP]
    local name=$1 stamp=${2-$(image_stamp "$1")} element
    # shellcheck source=/dev/null
    element=$(. "$IMAGES/definitions/$name.sh" && printf '%s' "$element")
    (
        cd "$IMAGES" || exit
        image_format
        sha256sum bake.sh requirements.txt "definitions/$name.sh"
        # Names, executable bits, contents: what git keeps, and a clone's umask does not change.
        find elements/pbx-node "elements/$element" -type f -printf '%p %m\n' | sed -E 's/ .?[1357]..$/ x/; s/ [0-9]+$//' | LC_ALL=C sort
        find elements/pbx-node "elements/$element" -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum
        printf '%s' "$stamp"
    ) | sha256sum | cut -c1-12
}

image_dir() { printf '%s/%s-%s\n' "$STORE" "$1" "$(image_key "$1")"; }

# The pinned Python tools, in a virtual environment of their own: prints its bin directory. Wheels alone,
# since what pip builds a package with has no hash.
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
            # A virtual environment knows its own path, so it cannot be built elsewhere and renamed.
            { /usr/bin/python3 -m venv "$venv" &&
                "$venv/bin/pip" install --quiet --disable-pip-version-check --require-hashes --only-binary :all: \
                    -r "$IMAGES/requirements.txt"; } >&2 ||
                die "the Python tools of images/requirements.txt could not be installed (Debian: apt-get install python3-venv)"
            touch "$venv/.complete"
        ) 9>"$CACHE/.images-tools.lock" || return
    fi
    printf '%s\n' "$venv/bin"
}
