# shellcheck shell=bash disable=SC2034
# Nova: compute.

packages=(nova-api nova-conductor nova-scheduler nova-compute nova-compute-kvm genisoimage sudo)
answers=(
  "nova-common nova/configure_db boolean false"
  "nova-common nova/configure_rabbit boolean false"
  "nova-common nova/configure_ksat boolean false"
  "nova-common nova/configure_neutron boolean false"
  "nova-common nova/configure_placement boolean false"
  "nova-api novaapi/configure_db boolean false"
  "nova-api nova/configure_api-endpoint boolean false"
)
units=(nova-api nova-conductor nova-scheduler nova-compute)
ports=(8774 8775)

configure() {
  conf "$ETC/nova/nova.conf" <<EOF
[DEFAULT]
host = lab
my_ip = $API
transport_url = $(transport_url)
state_path = $STATE/nova
instances_path = $STATE/instances
enabled_apis = osapi_compute,metadata
osapi_compute_listen = $API
osapi_compute_workers = 1
metadata_listen = $API
metadata_workers = 1
compute_driver = libvirt.LibvirtDriver
use_stderr = true
# There is only one host, so a resize must use the same host.
allow_resize_to_same_host = true
resize_confirm_window = 1
reserved_host_memory_mb = 512
initial_ram_allocation_ratio = 1.5
initial_cpu_allocation_ratio = 16.0
mkisofs_cmd = genisoimage
# By default, the scheduler first looks for new hosts after up to a minute.
periodic_fuzzy_delay = 0
resume_guests_state_on_host_boot = true
# Booting guests may use most of the CPU time. Long timeouts keep slow services from counting as failed.
vif_plugging_timeout = 300
service_down_time = 300
rpc_response_timeout = 180
[api]
auth_strategy = keystone
$(token_check nova)
$(client_of service_user nova)
send_service_user_token = true
$(client_of placement nova)
$(client_of neutron nova)
service_metadata_proxy = true
metadata_proxy_shared_secret = $(secret metadata-proxy)
$(client_of glance nova)
[scheduler]
workers = 1
discover_hosts_in_cells_interval = 5
[conductor]
workers = 1
[vnc]
enabled = false
[workarounds]
disable_rootwrap = true
$(messaging)
EOF
  # nova-compute does not get this file, because it may use the databases only through the conductor.
  conf "$ETC/nova/databases.conf" <<EOF
$(database api_database nova nova_api)
$(database database nova)
EOF
}

init() {
  (umask 077 && mkdir -p "$STATE/nova" "$STATE/instances") # disks contain the user data of servers
  need mariadb
  once nova create_nova
}

create_nova() {
  empty_databases nova nova_api nova nova_cell0
  "${CLEAN[@]}" python3 "$LAB/lib/manage.py" nova.cmd.manage "${databases[@]}" \
    -- api_db sync \
    -- cell_v2 map_cell0 \
    -- cell_v2 create_cell --name cell1 \
    -- db sync
}

common=(--config-file "$ETC/nova/nova.conf")
databases=("${common[@]}" --config-file "$ETC/nova/databases.conf")

start() {
  # nova-scheduler and nova-compute call placement when they start, and exit on a 401 if nova's user does not exist yet.
  need rabbitmq catalog
  launch nova-conductor -- nova-conductor "${databases[@]}"
  launch nova-scheduler -- nova-scheduler "${databases[@]}"
  launch nova-api -- nova-api "${databases[@]}"
  need libvirt hypervisor
  configure_compute
  launch nova-compute -- nova-compute "${common[@]}" --config-file "$ETC/nova/compute.conf"
}

configure_compute() {
  conf "$ETC/nova/compute.conf" <<EOF
[libvirt]
virt_type = $(cat "$STATE/virt-type")
cpu_mode = none
images_type = qcow2
# Writes do not wait for the host's disk, because a guest's disk need not survive a power failure.
disk_cachemodes = file=unsafe
inject_partition = -2
wait_soft_reboot_seconds = 30
EOF
}

ready() { wait_for 60 nova-api answering 8774/; }
stop() { halt_all "${units[@]}"; }
