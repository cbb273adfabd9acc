#!/usr/bin/env bash
# Builds one golden image with diskimage-builder in a directory. build.sh then moves the image to the cache.
# The content of this file is a part of every image's key, so any change of this file rebuilds every image.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# Reasons for the options of the kernel:
# rw: the root file system does not have to be remounted to be writable.
# mitigations: off, because they slow down emulation. README.md describes the risk.
# net.ifnames: off, because the kernel's own interface names need no udev.
# TERM: with a terminal that is not dumb, systemd asks the console for its size and waits for an answer.
# panic: reboots the server a second after a kernel panic. Under emulation, the kernel sometimes panics while it boots
# (at an int3 in code that it has just patched). Without the option, the server would hang until an operator resets it.
COMMAND_LINE="rw console=ttyS0 quiet panic=1 mitigations=off net.ifnames=0 audit=0 systemd.log_level=notice TERM=dumb"

# Prints the URL of the Debian archive that this machine's apt uses. The argument is the label in the archive's Release
# file: Debian or Debian-Security.
mirror() {
    local uri
    # shellcheck disable=SC2016 # a variable of apt
    uri=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' "Label: $1" | sed -n 1p)
    [[ -n $uri ]] || die "apt has no archive with label $1; add it to /etc/apt/sources.list.d and run apt-get update"
    printf '%s' "${uri%/}"
}

# Runs diskimage-builder in a clean environment. Another python first in PATH would break diskimage-builder and
# Debian's tools.
bake() {
    local name=$1 format=$2 work=$3 tools release element sources kernel='' archive security boot=(vm block-device-mbr)
    # shellcheck source=/dev/null
    . "$IMAGES/definitions/$name.sh"
    tools=$(python_tools)
    archive=$(mirror Debian)
    security=$(mirror Debian-Security)
    sources=${sources//@ARCHIVE@/$archive}
    sources=${sources//@SECURITY@/$security}
    [[ $format == vm ]] || boot=(baremetal)
    mkdir "$work/tmp"

    env -i HOME="$HOME" USER=root TERM=dumb PATH="$tools:/usr/sbin:/usr/bin:/sbin:/bin" \
        TMP_DIR="$work/tmp" DIB_NO_TMPFS=1 DIB_LOCKFILES="$STORE/.locks" DIB_IMAGE_CACHE="$STORE/.dib/$name" \
        ELEMENTS_PATH="$IMAGES/elements" DIB_RELEASE="$release" DIB_DISTRIBUTION_MIRROR="$archive" DIB_APT_SOURCES_CONF="$sources" \
        DIB_TRUNKLINE_KERNEL="$kernel" \
        DIB_DEBIAN_DEBOOTSTRAP_SCRIPT=/usr/share/debootstrap/scripts/sid \
        DIB_APT_MINIMAL_CREATE_INTERFACES=0 DIB_IMAGE_SIZE=2 DIB_JOURNAL_SIZE=16 \
        DIB_BOOTLOADER_DEFAULT_CMDLINE="$COMMAND_LINE" DIB_GRUB_TIMEOUT=0 \
        disk-image-create -n -a amd64 -t qcow2,tar -o "$work/image" \
        debian-minimal "${boot[@]}" "$element" >"$work/build.log" 2>&1 </dev/null
}

manifest() {
    local name=$1 key=$2 format=$3 root=$4 modules drivers=()
    # shellcheck disable=SC2016 # a variable of dpkg-query
    version() { chroot "$root" dpkg-query -W -f '${source:Upstream-Version}' "$1" 2>/dev/null | sed 's/[+~].*//'; }
    for modules in "$root"/usr/lib/asterisk/modules "$root"/usr/lib/*/asterisk/modules; do
        [[ ! -e $modules/chan_sip.so ]] || drivers+=(chan_sip)
        [[ ! -e $modules/chan_pjsip.so ]] || drivers+=(pjsip)
    done
    NAME=$name KEY=$key FORMAT=$format DRIVERS=${drivers[*]} COMMAND_LINE="root=LABEL=cloudimg-rootfs $COMMAND_LINE" \
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

# usage: bake.sh NAME KEY WORK: writes the image to WORK/result.
name=$1 key=$2 work=$3 format=$(image_format)
bake "$name" "$format" "$work" ||
    die "$name: diskimage-builder failed; the last lines of $work/build.log:"$'\n'"$(tail -n 15 "$work/build.log")"

result=$work/result
mkdir -m 755 "$result" "$result/rootfs" "$result/rootfs"/{proc,sys}
mv "$work/image.qcow2" "$result/disk.qcow2"
if [[ $format == direct ]]; then
    mv "$work/image.vmlinuz" "$result/vmlinuz"
    mv "$work/image.initrd" "$result/initrd"
fi
tar -C "$result/rootfs" --xattrs --numeric-owner -xpf "$work/image.tar"
manifest "$name" "$key" "$format" "$result/rootfs" >"$result/manifest.json"
mv "$work/build.log" "$result/build.log"
