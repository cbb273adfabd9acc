# shellcheck shell=bash disable=SC2034
# Keystone: identity. Its command `bootstrap` creates the administrator and keystone's own catalog entry. catalog.sh
# creates all other users and entries.

packages=(keystone uwsgi-core uwsgi-plugin-python3 curl)
answers=(
  "keystone keystone/configure_db boolean false"
  "keystone keystone/create-admin-tenant boolean false"
  "keystone keystone/register-endpoint boolean false"
)
units=(keystone)
ports=(5000)

configure() {
  conf "$ETC/keystone/keystone.conf" <<EOF
[DEFAULT]
use_stderr = true
$(database database keystone)
[identity]
# Passwords are long and random, so few hash rounds are safe and make log-ins cheap.
password_hash_rounds = 4
[token]
provider = fernet
expiration = 86400
[fernet_tokens]
key_repository = $STATE/keystone/fernet-keys
[fernet_receipts]
key_repository = $STATE/keystone/fernet-keys
[credential]
key_repository = $STATE/keystone/credential-keys
[cache]
enabled = true
backend = dogpile.cache.memcached
memcache_servers = $API:11211
$(messaging)
EOF
  secret user-admin >/dev/null
}

init() {
  keys fernet-keys
  keys credential-keys
  need mariadb
  once keystone create_keystone
}

# Creates the keys that keystone-manage fernet_setup or credential_setup would create. This is faster, because Python
# does not start. Key 0 is for the next rotation. Key 1 is in use.
keys() { # keys REPOSITORY
  local repository=$STATE/keystone/$1 key
  [ -d "$repository" ] && return 0
  rm -rf "$repository.new"
  (
    umask 077
    mkdir -p "$repository.new"
    for key in 0 1; do
      head -c 32 /dev/urandom | base64 | tr '+/' '-_' | tr -d '\n' >"$repository.new/$key"
    done
  )
  mv "$repository.new" "$repository"
}

create_keystone() {
  empty_databases keystone keystone
  # The password is passed in the environment, because every user can read the arguments of a process.
  # shellcheck disable=SC2016  # expanded by the new shell
  "${CLEAN[@]}" bash -c 'OS_BOOTSTRAP_PASSWORD=$(<"$1") exec "${@:2}"' bootstrap "$SECRETS/user-admin" \
    python3 "$LAB/lib/manage.py" keystone.cmd.manage --config-file "$ETC/keystone/keystone.conf" \
    -- db_sync \
    -- bootstrap --bootstrap-region-id "$REGION" --bootstrap-admin-url "$AUTH_URL" \
    --bootstrap-internal-url "$AUTH_URL" --bootstrap-public-url "$AUTH_URL"
}

start() {
  launch keystone OS_KEYSTONE_CONFIG_DIR="$ETC/keystone/" -- "${UWSGI[@]}" --processes 2 \
    --http-socket "$API:5000" --wsgi-file /usr/bin/keystone-wsgi-public
}

ready() { wait_for 60 keystone answering 5000/v3; }
stop() { halt keystone; }
