#!/usr/bin/env bash
# Tests whether KVM runs a guest on this machine. Prints kvm or qemu; prints the reason to standard error.
#   probe-kvm.sh CACHE [DEVICE]
# /dev/kvm also exists on some machines where a stock guest hangs in its first seconds, or stops at an instruction
# that the outer hypervisor does not emulate. The test therefore boots a stock guest: Debian's cloud kernel
# and a userland that starts a few hundred processes. The userland prints a marker after this work.
set -euo pipefail

cache=$1
device=${2:-/dev/kvm}
apt_get=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../tools" && pwd)/apt-get.sh
limit=12 # seconds; on a busy machine, an emulated guest ends in this time too, so a slower KVM is of no use
say() { printf '%s\n' "$*" >&2; }
answer() {
  say "$1: $2"
  printf '%s\n' "$1"
  exit 0
}

[ -c "$device" ] || answer qemu "no $device"
{ : <>"$device"; } 2>/dev/null || answer qemu "cannot open $device"

mkdir -p "$cache"
exec {lock}>"$cache/probe.lock"
flock "$lock"

# A result is valid until the next boot of the machine, for one version of qemu.
key=$(cat /proc/sys/kernel/random/boot_id)-$(dpkg-query -W -f '${Version}' qemu-system-x86 | tr -c '[:alnum:].\n' _)
kept=$cache/kvm-$key
# The guest is kept until this script changes. The guest tests KVM and qemu, so it needs no newer kernel.
guest=$cache/guest-$(sha256sum <"${BASH_SOURCE[0]}" | cut -c1-12)
[ ! -s "$kept" ] || answer "$(cat "$kept")" "tested earlier in this boot"

# Removes old results, and the files of a probe that was killed.
rm -rf "$cache"/kvm-* "$cache"/probe.*/
work=$(mktemp -d "$cache/probe.XXXXXX")
trap 'rm -rf "$work"' EXIT
cd "$work"

download() {
  local kernel
  kernel=$(apt-cache depends linux-image-cloud-amd64 | sed -n 's/.*Depends: \(linux-image-.*-cloud-amd64\)$/\1/p' | head -n 1)
  [ -n "$kernel" ] &&
    "$apt_get" -q download -o Acquire::Retries=1 -o APT::Sandbox::User=root "$kernel" busybox-static >&2
}

make_guest() {
  local package
  for package in ./*.deb; do dpkg-deb --fsys-tarfile "$package" | tar -x --wildcards './boot/vmlinuz-*' './bin/busybox' 2>/dev/null || true; done
  mkdir -p guest root/bin root/proc root/dev
  mv boot/vmlinuz-* guest/vmlinuz
  mv bin/busybox root/bin/
  cat >root/init <<'END'
#!/bin/busybox sh
busybox=/bin/busybox
$busybox mount -t proc proc /proc
$busybox mount -t devtmpfs dev /dev
i=0
while [ $i -lt 300 ]; do
  $busybox true
  i=$((i + 1))
done
$busybox head -c 16777216 /dev/zero | $busybox sha256sum
echo TRUNKLINE-GUEST-RAN
$busybox poweroff -f
END
  chmod +x root/init
  (cd root && find . | cpio --quiet -o -H newc) >guest/initrd
}

if [ ! -d "$guest" ]; then
  # Mirrors soon remove an old kernel. If the download fails, an update of apt's lists finds the new kernel.
  download || { "$apt_get" -q update -o Acquire::Retries=1 >&2 && download; } ||
    answer qemu "$device was not tested: could not download the test guest. The next up tries again; LAB_VIRT=kvm skips the test"
  make_guest
  rm -rf "$cache"/guest-*
  mv -T guest "$guest"
fi

start=$SECONDS status=0
timeout -k 2 "$limit" qemu-system-x86_64 -accel kvm -smp 2 -m 256 -nodefaults -display none \
  -no-reboot -serial file:serial -kernel "$guest/vmlinuz" -initrd "$guest/initrd" \
  -append 'console=ttyS0 panic=-1 quiet' >&2 2>&1 || status=$?
cat serial >&2 2>/dev/null || true
if grep -q TRUNKLINE-GUEST-RAN serial 2>/dev/null; then found=kvm; else found=qemu; fi
printf '%s' "$found" >"$kept.new" && mv "$kept.new" "$kept"
answer "$found" "a guest under KVM ended with status $status after $((SECONDS - start)) s of at most $limit"
