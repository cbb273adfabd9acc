# shellcheck shell=bash disable=SC2034
# The hypervisor: kvm where it really runs a guest, else emulation. The answer goes to a file for
# nova-compute, and holds until the machine boots again.

packages=(qemu-system-x86 cpio)
units=()

configure() { :; }

init() { :; }

start() {
  local answer=${LAB_VIRT:-} reason="LAB_VIRT says so"
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
