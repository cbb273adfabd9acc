# shellcheck shell=bash disable=SC2034
# MariaDB: databases of the OpenStack services. Each service has its own user.

packages=(mariadb-server libeatmydata1)
units=(mariadb)
ports=(3306)

configure() {
  conf "$ETC/mariadb/my.cnf" <<EOF
[mariadbd]
user = root
datadir = $STATE/mysql
socket = $RUN/mysql.sock
pid-file = $STATE/mysql/mariadbd.pid
bind-address = $API
port = 3306
skip-name-resolve
skip-log-bin
character-set-server = utf8mb3
collation-server = utf8mb3_general_ci
max_connections = 400
performance_schema = off
innodb_buffer_pool_size = 128M
innodb_log_file_size = 32M
innodb_flush_log_at_trx_commit = 0
innodb_doublewrite = 0
# With libeatmydata, MariaDB does not wait for syncs, so asynchronous I/O only costs time.
innodb_use_native_aio = 0
EOF
  local user
  for user in keystone glance placement nova neutron; do secret "database-$user" >/dev/null; done
}

# Syncs would take most of the time of a schema migration, so libeatmydata turns them into no-ops. A power failure may
# damage the databases. The lab must then be purged and built again.
volatile=LD_PRELOAD=libeatmydata.so

init() { once mariadb create_datadir; }

create_datadir() {
  rm -rf "$STATE/mysql"
  "${CLEAN[@]}" "$volatile" mariadb-install-db --defaults-file="$ETC/mariadb/my.cnf" --skip-test-db \
    --auth-root-authentication-method=socket
}

start() { launch mariadb "$volatile" -- mariadbd --defaults-file="$ETC/mariadb/my.cnf"; }

ready() { wait_for 60 mariadb sql -e 'select 1'; }

stop() { halt mariadb 30; }
