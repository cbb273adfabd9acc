# shellcheck shell=bash disable=SC2034
# Glance: images, stored as plain files.

packages=(glance-api)
answers=(
  "glance-common glance/configure_db boolean false"
  "glance-common glance/configure_rabbit boolean false"
  "glance-common glance/configure_ksat boolean false"
  "glance-api glance/configure_api-endpoint boolean false"
)
units=(glance-api)
ports=(9292)

configure() {
  conf "$ETC/glance/glance-api.conf" <<EOF
[DEFAULT]
bind_host = $API
workers = 1
use_stderr = true
$(database database glance)
[glance_store]
stores = file,http
default_store = file
filesystem_store_datadir = $STATE/images
[paste_deploy]
flavor = keystone
config_file = /etc/glance/glance-api-paste.ini
$(token_check glance)
$(messaging)
EOF
}

init() {
  (umask 077 && mkdir -p "$STATE/images")
  need mariadb
  once glance create_glance
}

create_glance() {
  empty_databases glance glance
  "${CLEAN[@]}" glance-manage --config-file "$ETC/glance/glance-api.conf" db_sync
}

start() { launch glance-api -- glance-api --config-file "$ETC/glance/glance-api.conf"; }
ready() { wait_for 60 glance-api answering 9292/healthcheck; }
stop() { halt glance-api; }
