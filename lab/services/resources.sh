# shellcheck shell=bash disable=SC2034
# What a deployment finds in the cloud: flavors, the external network, the project's quotas. Last,
# for it also waits until every agent and the hypervisor are at work.

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
