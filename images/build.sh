#!/usr/bin/env bash
# Builds golden images that are missing or whose inputs have changed; with --fresh, also images that are up to date.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

usage() {
    cat <<END
usage: images/build.sh [--help] [--fresh] [NAME...]

Builds golden images with diskimage-builder; by default all: $(known_images | paste -sd' ').
Builds an image only if its inputs have changed. Debian's packages are not an input: --fresh rebuilds
an image from today's packages, including security updates. Later commands use the rebuilt image.

Result, in $STORE/NAME-KEY/:
  disk.qcow2     the disk
  vmlinuz initrd kernel and initramfs, for a disk without a boot loader (format "direct")
  rootfs/        the same root file system as a directory, for tests
  manifest.json  versions, SIP drivers, kernel command line, format and key

  TRUNKLINE_CACHE         folder of the images (now $CACHE)
  TRUNKLINE_IMAGE_FORMAT  vm (disk with boot loader) or direct (now $(image_format))
END
}

need_tools() {
    local package missing=()
    [[ $(id -u) -eq 0 ]] || die "building images needs root (loop devices, chroot); run it with sudo"
    # libnss-myhostname: diskimage-builder parses the output of sudo. If the host name does not resolve, sudo adds a
    # warning to that output.
    for package in debootstrap qemu-utils e2fsprogs sudo libnss-myhostname python3-venv xz-utils zstd; do
        [[ $(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) == installed ]] ||
            missing+=("$package")
    done
    [[ ${#missing[@]} -gt 0 ]] || return 0
    say "installing ${missing[*]}"
    { "$IMAGES/../tools/apt-get.sh" -qq update &&
        "$IMAGES/../tools/apt-get.sh" -qq install --yes --no-install-recommends "${missing[@]}"; } >&2 ||
        die "tools are missing; install them with: apt-get install ${missing[*]}"
}

# Removes what killed builds have left behind. Unmounts first, because rm could delete files in bind mounts.
sweep() {
    local work mount
    for work in "$STORE/.build-$1-"*; do
        [[ -d $work ]] || continue
        awk -v under="$work/" 'index($5, under) == 1 {print $5}' /proc/self/mountinfo | sort -r | while read -r mount; do
            umount "$mount" || umount -l "$mount"
        done
        losetup --noheadings --raw --output NAME,BACK-FILE | awk -v under="$work/" 'index($2, under) == 1 {print $1}' |
            xargs -r -n1 losetup -d
        rm -rf --one-file-system "$work"
    done
}

# Keeps the three newest versions of an image, because a test may still use the previous version.
prune() {
    find "$STORE" -maxdepth 1 -type d -name "$1-????????????" -printf '%T@ %p\n' | sort -rn | tail -n +4 |
        cut -d' ' -f2- | xargs -r rm -rf --one-file-system
}

# Stores the time of the fresh build. lib.sh describes the stamp (image_stamp).
keep_stamp() {
    printf '%s\n' "$fresh" >"$STORE/.$1.fresh.new"
    mv "$STORE/.$1.fresh.new" "$STORE/$1.fresh"
}

build_if_missing() {
    local name=$1 stamp key dir work
    exec 9>"$STORE/.$name.lock"
    flock -n 9 || { say "$name: waiting for another build to finish" && flock 9; }
    # Read the stamp after the lock, because the other build may have written it (--fresh).
    stamp=${fresh:-$(image_stamp "$name")}
    key=$(image_key "$name" "$stamp")
    dir=$STORE/$name-$key
    if [[ -e $dir/manifest.json ]]; then
        say "$name: up to date"
        return
    fi
    need_tools
    sweep "$name"
    work=$(mktemp -d "$STORE/.build-$name-XXXXXX")
    say "$name: building (log: $work/build.log)"
    "$IMAGES/bake.sh" "$name" "$key" "$work"
    mv -T "$work/result" "$dir"
    # Store the stamp after the build. If a fresh build fails or is killed, the previous image stays in use.
    [[ -z $fresh ]] || keep_stamp "$name"
    rm -rf "$work"
    prune "$name"
    say "$name: $dir"
}

fresh=
case ${1:-} in
-h | --help) usage && exit ;;
--fresh) fresh=$(date --utc +%FT%TZ) && shift ;;
-*) die "unknown option '$1'; see images/build.sh --help" ;;
esac

names=$(wanted_images "$@")
mkdir -p "$STORE"
# One process per image, and at most one per CPU core at a time.
running=0 failed=0
for name in $names; do
    if [[ $running -ge $(nproc) ]]; then
        wait -n || failed=1
        running=$((running - 1))
    fi
    build_if_missing "$name" &
    running=$((running + 1))
done
while [[ $running -gt 0 ]]; do
    wait -n || failed=1
    running=$((running - 1))
done
exit "$failed"
