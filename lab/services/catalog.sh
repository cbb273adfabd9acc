# shellcheck shell=bash disable=SC2034
# The catalog: the other services' users and endpoints, and the project that deployments live in.

packages=(python3-openstackclient)
units=()

configure() {
  local user
  for user in glance placement nova neutron pbx; do secret "user-$user" >/dev/null; done
  conf "$CLOUDS" <<EOF
clouds:
  # An ordinary member of an ordinary project: what works here needs no administrator.
  trunkline-lab:
$(cloud pbx pbx)
  # The lab's own; also for reading what a member may not see.
  trunkline-lab-admin:
$(cloud admin admin)
EOF
}

cloud() { # cloud USER PROJECT
  cat <<EOF
    auth:
      auth_url: $AUTH_URL
      username: $1
      password: $(secret "user-$1")
      project_name: $2
      user_domain_name: Default
      project_domain_name: Default
    region_name: $REGION
    interface: public
    identity_api_version: 3
EOF
}

init() { need keystone; }

start() {
  "${CLEAN[@]}" OS_CLIENT_CONFIG_FILE="$CLOUDS" LAB_SECRETS="$SECRETS" \
    python3 "$LAB/lib/catalog.py" "$API" "$REGION" >>"$LOG/catalog.log" 2>&1
}

ready() { :; }
stop() { :; }
