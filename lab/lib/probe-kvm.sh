#!/usr/bin/env bash
# Does KVM run a guest on this machine? Prints kvm or qemu; why, to standard error.
#   probe-kvm.sh CACHE [DEVICE]
# /dev/kvm exists on machines where a stock guest hangs in its first seconds, or dies of an
# instruction that the outer hypervisor does not emulate. So a stock guest is booted: Debian's cloud
# kernel and a userland that starts a few hundred processes. What it must print is printed by that
# userland after its work.
set -euo pipefail

cache=$1
device=${2:-/dev/kvm}
apt_get=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../tools" && pwd)/apt-get.sh
limit=12 # seconds; emulation on a busy machine is as fast, so a slower KVM would be no gain
say() { printf '%s\n' "$*" >&2; }
answer() {
  say "$1: $2"
  printf '%s\n' "$1"
  exit 0
}

[ -c "$device" ] || answer qemu "no $device"
{ : <>"$device"; } 2>/dev/null || answer qemu "$device does not open"

# One probe at a time.
mkdir -p "$cache"
exec {lock}>"$cache/probe.lock"
flock "$lock"

# The answer belongs to this boot of the machine and to this qemu.
key=$(cat /proc/sys/kernel/random/boot_id)-$(dpkg-query -W -f '${Version}' qemu-system-x86 | tr -c '[:alnum:].\n' _)
kept=$cache/kvm-$key
# The guest is kept as long as this file is the same: on trial are KVM and qemu, and a later kernel would tell
# no more of them.
guest=$cache/guest-$(sha256sum <"${BASH_SOURCE[0]}" | cut -c1-12)
[ ! -s "$kept" ] || answer "$(cat "$kept")" "found earlier in this boot"

# With old answers goes what a probe that was killed has left.
rm -rf "$cache"/kvm-* "$cache"/probe.*/
work=$(mktemp -d "$cache/probe.XXXXXX")
trap 'rm -rf "$work"' EXIT
cd "$work"

# The guest's parts are downloaded and unpacked, not installed: this machine boots another kernel.
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
  # A kernel that has a successor is soon gone from the mirrors; their lists name the successor.
  download || { "$apt_get" -q update -o Acquire::Retries=1 >&2 && download; } ||
    answer qemu "$device was not tried: the guest for it could not be downloaded. The next up does; LAB_VIRT=kvm takes it untried"
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
