# shellcheck shell=bash disable=SC2034
# The bridge of the external network. Through the bridge, this machine is the gateway of the network, and reaches
# floating IPs.

packages=(iproute2 iptables ebtables ipset conntrack)
units=()

configure() { :; }
init() { :; }

start() {
  mkdir -p /run/netns
  ip link show "$EXTERNAL_BRIDGE" >/dev/null 2>&1 || ip link add "$EXTERNAL_BRIDGE" type bridge
  ip addr replace "$EXTERNAL_HOST/${EXTERNAL_CIDR#*/}" dev "$EXTERNAL_BRIDGE"
  ip link set "$EXTERNAL_BRIDGE" up
}

ready() { :; }

stop() { ip link del "$EXTERNAL_BRIDGE" 2>/dev/null || true; }
