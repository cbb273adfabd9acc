# shellcheck shell=bash disable=SC2034
# Creates resources that deployments use: flavors, the external network and the quotas of the project. Ends last,
# because it waits until all agents and the hypervisor are ready.

packages=(python3-openstackclient)
units=()

configure() { :; }
init() { need catalog neutron nova glance placement; }

start() {
  "${CLEAN[@]}" OS_CLIENT_CONFIG_FILE="$CLOUDS" \
    python3 "$LAB/lib/resources.py" "$EXTERNAL_CIDR" "$EXTERNAL_HOST" >>"$LOG/resources.log" 2>&1
}

ready() { :; }
stop() { :; }
