# shellcheck shell=bash disable=SC2034
# The catalog: creates users and endpoints of the other services, and the user and project of deployments.

packages=(python3-openstackclient)
units=()

configure() {
  local user
  for user in glance placement nova neutron pbx; do secret "user-$user" >/dev/null; done
  conf "$CLOUDS" <<EOF
clouds:
  # A normal member of a normal project, without administrator rights.
  trunkline-lab:
$(cloud pbx pbx)
  # The administrator, for the lab itself and for reads that a member may not do.
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
