#!/usr/bin/env bash
# Builds the golden images that are missing or whose inputs have changed.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

usage() {
    cat <<END
usage: images/build.sh [--help] [NAME...]

Builds golden images with diskimage-builder; by default all: $(known_images | paste -sd' ').
An image whose inputs have not changed is not built again.

Result, in $STORE/NAME-KEY/:
  disk.qcow2     the disk
  vmlinuz initrd beside it, for a disk without a boot loader (format "direct")
  rootfs/        the same root file system as a directory, for tests
  manifest.json  versions, SIP drivers, kernel command line, format and key

  TRUNKLINE_CACHE         where images are kept (now $CACHE)
  TRUNKLINE_IMAGE_FORMAT  vm (disk with boot loader) or direct (now $(image_format))
END
}

# mitigations: they slow emulation down and guard nothing in a node that runs one program. net.ifnames:
# the kernel's names of network cards need no udev. TERM: systemd else asks the console for its size,
# and waits for an answer.
COMMAND_LINE="console=ttyS0 quiet mitigations=off net.ifnames=0 audit=0 TERM=dumb"

need_tools() {
    local tool package missing=()
    for tool in debootstrap:debootstrap qemu-img:qemu-utils mkfs.ext4:e2fsprogs sudo:sudo flock:util-linux; do
        package=${tool#*:} tool=${tool%%:*}
        PATH=$PATH:/usr/sbin:/sbin command -v "$tool" >/dev/null || missing+=("$package")
    done
    [[ ${#missing[@]} -eq 0 ]] || die "missing tools: apt-get install ${missing[*]}"
    [[ $(id -u) -eq 0 ]] || die "building needs root (loop devices, chroot): run it with sudo"
}

manifest() {
    local name=$1 key=$2 format=$3 root=$4 modules drivers=()
    # shellcheck disable=SC2016 # dpkg-query's own variable
    version() { chroot "$root" dpkg-query -W -f '${source:Upstream-Version}' "$1" 2>/dev/null | sed 's/[+~].*//'; }
    for modules in "$root"/usr/lib/asterisk/modules "$root"/usr/lib/*/asterisk/modules; do
        [[ ! -e $modules/chan_sip.so ]] || drivers+=(chan_sip)
        [[ ! -e $modules/chan_pjsip.so ]] || drivers+=(pjsip)
    done
    NAME=$name KEY=$key FORMAT=$format DRIVERS=${drivers[*]} COMMAND_LINE="root=LABEL=cloudimg-rootfs rw $COMMAND_LINE" \
        ASTERISK=$(version asterisk) HAPROXY=$(version haproxy) /usr/bin/python3 - <<'END'
import json
from os import environ as e
print(json.dumps({
    "name": e["NAME"], "key": e["KEY"], "format": e["FORMAT"],
    "asteriskVersion": e["ASTERISK"] or None, "haproxyVersion": e["HAPROXY"] or None,
    "sipDrivers": e["DRIVERS"].split(), "commandLine": e["COMMAND_LINE"],
}, indent=2))
END
}

build() {
    local name=$1 key format dir work tools release element sources kernel=
    key=$(image_key "$name") format=$(image_format) dir=$(image_dir "$name")
    # shellcheck source=/dev/null
    . "$IMAGES/definitions/$name.sh"
    tools=$(python_tools)
    work=$(mktemp -d "$STORE/.build-$name-XXXXXX")
    # diskimage-builder names its scratch directories itself, under the one it is given.
    mkdir "$work/tmp"

    local format_elements=(vm block-device-mbr)
    [[ $format == vm ]] || format_elements=(baremetal)

    say "$name: building (log: $work/build.log)"
    # A clean environment: another python first in PATH breaks diskimage-builder's and Debian's tools.
    env -i HOME="$HOME" USER=root TERM=dumb PATH="$tools:/usr/sbin:/usr/bin:/sbin:/bin" \
        TMP_DIR="$work/tmp" DIB_NO_TMPFS=1 DIB_LOCKFILES="$STORE/.locks" DIB_IMAGE_CACHE="$STORE/.dib/$name" \
        ELEMENTS_PATH="$IMAGES/elements" DIB_RELEASE="$release" DIB_APT_SOURCES_CONF="$sources" \
        DIB_TRUNKLINE_KERNEL="$kernel" \
        DIB_DEBIAN_DEBOOTSTRAP_SCRIPT=/usr/share/debootstrap/scripts/sid \
        DIB_APT_MINIMAL_CREATE_INTERFACES=0 DIB_JOURNAL_SIZE=16 \
        DIB_BOOTLOADER_DEFAULT_CMDLINE="$COMMAND_LINE" DIB_GRUB_TIMEOUT=0 \
        disk-image-create -n -a amd64 -t qcow2,tar -o "$work/image" \
        debian-minimal "${format_elements[@]}" "$element" >"$work/build.log" 2>&1 </dev/null ||
        die "$name: diskimage-builder failed; the last lines of $work/build.log:"$'\n'"$(tail -n 15 "$work/build.log")"

    mkdir -m 755 "$work/result" "$work/result/rootfs"
    mv "$work/image.qcow2" "$work/result/disk.qcow2"
    if [[ $format == direct ]]; then
        mv "$work/image.vmlinuz" "$work/result/vmlinuz"
        mv "$work/image.initrd" "$work/result/initrd"
    fi
    mkdir "$work/result/rootfs"/{proc,sys}
    tar -C "$work/result/rootfs" --xattrs --numeric-owner -xpf "$work/image.tar"
    manifest "$name" "$key" "$format" "$work/result/rootfs" >"$work/result/manifest.json"
    mv "$work/build.log" "$work/result/build.log"
    mv -T "$work/result" "$dir"
    rm -rf "$work"
    # A test may still be running in the version before this one.
    find "$STORE" -maxdepth 1 -type d -name "$name-????????????" -printf '%T@ %p\n' | sort -rn | tail -n +4 |
        cut -d' ' -f2- | xargs -r rm -rf --one-file-system
    say "$name: $dir"
}

# What a build killed half-way leaves behind: mounts first, or removing would reach through them.
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

build_if_missing() {
    local name=$1
    exec 9>"$STORE/.$name.lock"
    flock 9
    if [[ -e $(image_dir "$name")/manifest.json ]]; then
        say "$name: up to date"
        return
    fi
    need_tools
    sweep "$name"
    build "$name"
}

case ${1:-} in
-h | --help) usage && exit ;;
-*) die "unknown option '$1': see images/build.sh --help" ;;
esac

names=$(wanted_images "$@")
mkdir -p "$STORE"
export IMAGES STORE CACHE
# One process per image, as many at a time as there are cores.
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
