# shellcheck shell=bash disable=SC2034
# The hypervisor: kvm if a test guest runs under KVM, otherwise qemu (emulation). LAB_VIRT overrides the test. nova.sh
# reads the result from a file.

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
