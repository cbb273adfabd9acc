# shellcheck shell=bash disable=SC2034
# The hypervisor: kvm if it runs a test guest, else emulation. The answer is in a file for nova-compute, and is
# valid until the next boot of the machine.

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
