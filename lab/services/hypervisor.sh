# shellcheck shell=bash disable=SC2034
# The hypervisor: selects kvm if it runs a test guest, otherwise emulation. Writes the result to a file for
# nova-compute.

packages=(qemu-system-x86 cpio)
units=()

configure() { :; }

init() { :; }

start() {
  local answer=${LAB_VIRT:-} reason="set by LAB_VIRT"
  case $answer in
    kvm | qemu) ;;
    '')
      answer=$("$LAB/lib/probe-kvm.sh" "$CACHE" 2>"$LOG/hypervisor.log")
      reason=$(tail -n 1 "$LOG/hypervisor.log")
      ;;
    *) die "LAB_VIRT=$answer: expected kvm or qemu" ;;
  esac
  printf '%s' "$answer" | conf "$STATE/virt-type"
  say "guests run on $answer: ${reason#"$answer: "}"
}

ready() { :; }
stop() { :; }
