#!/usr/bin/env bash
# Does KVM run a guest on this machine? Prints kvm or qemu; why, to standard error.
#   probe-kvm.sh CACHE
# /dev/kvm exists on machines where a stock guest hangs in its first seconds, or dies of an
# instruction that the outer hypervisor does not emulate. So a stock guest is booted: Debian's cloud
# kernel and a userland that starts a few hundred processes. What it must print is printed by that
# userland after its work.
set -euo pipefail

cache=$1
limit=12 # seconds; emulation on a busy machine is as fast, so a slower KVM would be no gain
say() { printf '%s\n' "$*" >&2; }
answer() {
  say "$1: $2"
  printf '%s\n' "$1"
  exit 0
}

[ -c /dev/kvm ] || answer qemu "no /dev/kvm"
{ : <>/dev/kvm; } 2>/dev/null || answer qemu "/dev/kvm does not open"

# The answer belongs to this boot of the machine and to this qemu.
key=$(cat /proc/sys/kernel/random/boot_id)-$(dpkg-query -W -f '${Version}' qemu-system-x86 | tr -c '[:alnum:].\n' _)
kept=$cache/kvm-$key
[ ! -s "$kept" ] || answer "$(cat "$kept")" "found earlier in this boot"
mkdir -p "$cache"
rm -f "$cache"/kvm-*

work=$(mktemp -d "$cache/probe.XXXXXX")
trap 'rm -rf "$work"' EXIT

# The guest's parts are downloaded and unpacked, not installed: this machine boots another kernel.
cd "$work"
kernel=$(apt-cache depends linux-image-cloud-amd64 | sed -n 's/.*Depends: \(linux-image-.*-cloud-amd64\)$/\1/p' | head -n 1)
apt-get download -q -o APT::Sandbox::User=root "${kernel:?no linux-image-cloud-amd64}" busybox-static >&2
for package in ./*.deb; do dpkg-deb --fsys-tarfile "$package" | tar -x --wildcards './boot/vmlinuz-*' './bin/busybox' 2>/dev/null || true; done

mkdir -p root/bin root/proc root/dev
cp bin/busybox root/bin/
cat >root/init <<'EOF'
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
EOF
chmod +x root/init
(cd root && find . | cpio --quiet -o -H newc) >initrd

start=$SECONDS status=0
timeout -k 2 "$limit" qemu-system-x86_64 -accel kvm -smp 2 -m 256 -nodefaults -display none \
  -no-reboot -serial file:serial -kernel boot/vmlinuz-* -initrd initrd \
  -append 'console=ttyS0 panic=-1 quiet' >&2 2>&1 || status=$?
cat serial >&2 2>/dev/null || true
if grep -q TRUNKLINE-GUEST-RAN serial 2>/dev/null; then found=kvm; else found=qemu; fi
printf '%s' "$found" >"$kept.new" && mv "$kept.new" "$kept"
answer "$found" "a guest under KVM ended with status $status after $((SECONDS - start)) s of at most $limit"
