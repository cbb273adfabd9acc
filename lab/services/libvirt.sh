# shellcheck shell=bash disable=SC2034
# libvirt: runs nova's guests.

packages=(libvirt-daemon-system libvirt-clients qemu-system-x86 qemu-utils genisoimage)
units=(virtlogd libvirtd)

configure() {
  conf "$ETC/libvirt/libvirtd.conf" <<EOF
auth_unix_ro = "none"
auth_unix_rw = "none"
unix_sock_group = "root"
log_outputs = "2:stderr"
EOF
  # Guests run without a security driver, cgroups and mount namespaces. These may not be available if the lab runs in a
  # container.
  conf "$ETC/libvirt/qemu.conf" <<EOF
user = "root"
group = "root"
security_driver = "none"
namespaces = []
cgroup_controllers = []
remember_owner = 0
EOF
}

init() { :; }

# libvirt reads qemu.conf and stores its domains only in /etc/libvirt. So it runs in a mount namespace in which
# /etc/libvirt is the lab's folder. The machine's own /etc/libvirt is not changed.
start() {
  [ ! -S /run/libvirt/libvirt-sock ] || alive libvirtd || ! virsh -c qemu:///system uri >/dev/null 2>&1 ||
    die "another libvirtd is running; the lab starts its own. Stop the other one first:" \
      "systemctl disable --now libvirtd.service libvirtd{,-ro,-admin}.socket virtlogd{,-admin}.socket"
  local own_etc=(unshare --mount bash -c "mount --bind '$ETC/libvirt' /etc/libvirt && exec \"\$@\"" libvirt)
  launch virtlogd -- "${own_etc[@]}" virtlogd
  # Guests inherit this priority, so that builds or tests on this machine do not disturb calls in the guests.
  launch libvirtd -- "${own_etc[@]}" nice -n -10 libvirtd
}

ready() { wait_for 30 libvirtd virsh -c qemu:///system uri; }

stop() {
  local guest
  if alive libvirtd; then
    virsh -c qemu:///system list --name 2>/dev/null | grep '^instance-' |
      while read -r guest; do virsh -c qemu:///system destroy "$guest" >/dev/null; done || true
  fi
  end_helpers 'qemu-system-*'
  halt_all libvirtd virtlogd
}
