# shellcheck shell=bash
# Configuration files, and the passwords that go into them. Sourced, never run.

# Writes a configuration file. Keeps the old file and its date if the content has not changed, because `up` restarts a
# service whose file is newer than its process.
conf() { # conf PATH <CONTENT
  local path=$1 new=$RUN/${1##*/}.new
  mkdir -p "${path%/*}"
  (umask 077 && cat >"$new")
  if cmp -s "$new" "$path"; then rm "$new"; else mv "$new" "$path"; fi
}

# Secrets are hexadecimal, so they need no quoting in URLs, INI files or SQL.
secret() { # secret NAME: prints the secret; the first call creates it
  local file=$SECRETS/$1
  if [ ! -s "$file" ]; then
    (umask 077 && od -An -N24 -tx1 /dev/urandom | tr -d ' \n' >"$file.new")
    mv "$file.new" "$file"
  fi
  cat "$file"
}

# --- sections of configuration files that several OpenStack services need ---

database_url() { echo "mysql+pymysql://$1:$(secret "database-$1")@$API/${2:-$1}?charset=utf8"; }
database() { # database SECTION USER [DATABASE]
  printf '[%s]\nconnection = %s\nmax_pool_size = 5\nmax_overflow = 20\n' "$1" "$(database_url "$2" "${3:-$2}")"
}

transport_url() { echo "rabbit://openstack:$(secret rabbitmq)@$API:5672/"; }

credentials() { # credentials SERVICE-USER
  cat <<EOF
auth_type = password
auth_url = $AUTH_URL
username = $1
password = $(secret "user-$1")
project_name = service
user_domain_name = Default
project_domain_name = Default
EOF
}

# Prints the section with which a service checks the tokens of its clients.
token_check() { # token_check SERVICE-USER
  cat <<EOF
[keystone_authtoken]
$(credentials "$1")
www_authenticate_uri = $AUTH_URL
memcached_servers = $API:11211
service_token_roles = service
service_token_roles_required = true
EOF
}

# Prints the section with which a service calls another service.
client_of() { # client_of SECTION SERVICE-USER
  printf '[%s]\n%s\nregion_name = %s\n' "$1" "$(credentials "$2")" "$REGION"
}

# Prints the sections about RabbitMQ and locks. Turns heartbeats off: they would cost a thread per connection, and are
# of no use with RabbitMQ on the same machine.
messaging() {
  cat <<EOF
[oslo_messaging_notifications]
driver = noop
[oslo_messaging_rabbit]
heartbeat_timeout_threshold = 0
[oslo_concurrency]
lock_path = $STATE/lock
EOF
}
