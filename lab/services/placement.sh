# shellcheck shell=bash disable=SC2034
# Placement: free resources of the hypervisor.

packages=(placement-api uwsgi-core uwsgi-plugin-python3)
answers=(
  "placement-common placement/configure_db boolean false"
  "placement-common placement/configure_ksat boolean false"
  "placement-api placement/configure_api-endpoint boolean false"
)
units=(placement)
ports=(8778)

configure() {
  conf "$ETC/placement/placement.conf" <<EOF
[DEFAULT]
use_stderr = true
[api]
auth_strategy = keystone
$(database placement_database placement)
$(token_check placement)
EOF
}

init() {
  need mariadb
  once placement create_placement
}

create_placement() {
  empty_databases placement placement
  "${CLEAN[@]}" placement-manage --config-file "$ETC/placement/placement.conf" db sync
}

start() {
  launch placement OS_PLACEMENT_CONFIG_DIR="$ETC/placement" -- "${UWSGI[@]}" --threads 2 \
    --http-socket "$API:8778" --wsgi-file /usr/bin/placement-api
}

ready() { wait_for 60 placement answering 8778/; }
stop() { halt placement; }
