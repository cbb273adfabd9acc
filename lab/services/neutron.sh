# shellcheck shell=bash disable=SC2034
# Neutron: networks, as Linux bridges. One machine needs no tunnels: the network of a project is a local bridge, and
# no VXLAN socket is open.

packages=(neutron-common neutron-linuxbridge-agent neutron-l3-agent neutron-dhcp-agent
  neutron-metadata-agent haproxy dnsmasq-base iputils-arping sudo)
answers=(
  "neutron-common neutron/configure_db boolean false"
  "neutron-common neutron/configure_rabbit boolean false"
  "neutron-common neutron/configure_ksat boolean false"
  "neutron-common neutron/configure_nova boolean false"
)
agents=(linuxbridge-agent dhcp-agent l3-agent metadata-agent)
units=(neutron-server "${agents[@]}")
ports=(9696)

configure() {
  conf "$ETC/neutron/neutron.conf" <<EOF
[DEFAULT]
host = lab
transport_url = $(transport_url)
state_path = $STATE/neutron
bind_host = $API
core_plugin = ml2
service_plugins = router
api_paste_config = /etc/neutron/api-paste.ini
auth_strategy = keystone
api_workers = 1
rpc_workers = 1
rpc_state_report_workers = 0
dhcp_agents_per_network = 1
# Nova waits for these events before it starts a guest.
notify_nova_on_port_status_changes = true
notify_nova_on_port_data_changes = true
send_events_interval = 1
agent_down_time = 300
rpc_response_timeout = 180
use_stderr = true
[agent]
root_helper = sudo
report_interval = 15
[experimental]
linuxbridge = true
$(database database neutron)
$(token_check neutron)
$(client_of nova nova)
[ml2]
type_drivers = flat,local
tenant_network_types = local
mechanism_drivers = linuxbridge
extension_drivers = port_security
[ml2_type_flat]
flat_networks = public
[securitygroup]
firewall_driver = iptables
enable_security_group = true
enable_ipset = true
$(messaging)
EOF
  conf "$ETC/neutron/linuxbridge.ini" <<EOF
[agent]
polling_interval = 1
[linux_bridge]
bridge_mappings = public:$EXTERNAL_BRIDGE
[vxlan]
enable_vxlan = false
[securitygroup]
firewall_driver = iptables
enable_ipset = true
EOF
  local proxy="metadata_proxy_user = root
metadata_proxy_group = root"
  conf "$ETC/neutron/l3.ini" <<EOF
[DEFAULT]
interface_driver = linuxbridge
agent_mode = legacy
$proxy
EOF
  conf "$ETC/neutron/dhcp.ini" <<EOF
[DEFAULT]
interface_driver = linuxbridge
dhcp_driver = neutron.agent.linux.dhcp.Dnsmasq
enable_isolated_metadata = true
$proxy
EOF
  conf "$ETC/neutron/metadata.ini" <<EOF
[DEFAULT]
nova_metadata_host = $API
metadata_proxy_shared_secret = $(secret metadata-proxy)
metadata_workers = 0
$proxy
EOF
}

init() {
  mkdir -p "$STATE/neutron"
  need mariadb
  once neutron create_neutron
}

create_neutron() {
  empty_databases neutron neutron
  "${CLEAN[@]}" neutron-db-manage --config-file "$ETC/neutron/neutron.conf" upgrade heads
}

start() {
  local common=(--config-file "$ETC/neutron/neutron.conf")
  need rabbitmq
  launch neutron-server -- neutron-server "${common[@]}"
  # If neutron-server is not up at the first call of an agent, the agent waits for a minute.
  wait_for 60 neutron-server answering 9696/
  need network
  launch linuxbridge-agent -- neutron-linuxbridge-agent "${common[@]}" --config-file "$ETC/neutron/linuxbridge.ini"
  launch dhcp-agent -- neutron-dhcp-agent "${common[@]}" --config-file "$ETC/neutron/dhcp.ini"
  launch l3-agent -- neutron-l3-agent "${common[@]}" --config-file "$ETC/neutron/l3.ini"
  launch metadata-agent -- neutron-metadata-agent "${common[@]}" --config-file "$ETC/neutron/metadata.ini"
}

# resources.py asks neutron-server whether the agents are ready.
ready() { :; }

stop() {
  halt_all "${units[@]}"
  end_helpers '@(dnsmasq|haproxy|neutron-*|privsep-helper|sudo)'
  "$LAB/lib/clean-network.sh"
}
