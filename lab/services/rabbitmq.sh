# shellcheck shell=bash disable=SC2034
# RabbitMQ: the message bus of nova and neutron.

packages=(rabbitmq-server)
units=(epmd rabbitmq)
ports=(4369 5672 25672)

configure() {
  conf "$ETC/rabbitmq/rabbitmq.conf" <<EOF
listeners.tcp.default = $API:5672
default_user = openstack
default_pass = $(secret rabbitmq)
log.console = true
log.console.level = warning
log.file = false
EOF
}

# RabbitMQ creates its user only when it starts with an empty data folder. If RabbitMQ was killed before it was ready,
# the user may be missing, so `init` deletes the data.
init() { [ -e "$DONE/rabbitmq" ] || alive rabbitmq || rm -rf "$STATE/rabbitmq"; }

start() {
  mkdir -p "$STATE/rabbitmq"
  launch epmd -- epmd -address "$API"
  # Idle schedulers of the Erlang VM busy-wait by default. On two cores that would slow down the other services, so
  # +sbwt, +sbwtdcpu and +sbwtdio turn it off.
  launch rabbitmq HOME="$STATE/rabbitmq" \
    RABBITMQ_NODENAME=trunkline-lab@localhost \
    RABBITMQ_CONFIG_FILE="$ETC/rabbitmq/rabbitmq.conf" \
    RABBITMQ_CONF_ENV_FILE=/dev/null \
    RABBITMQ_ENABLED_PLUGINS_FILE=/dev/null \
    RABBITMQ_MNESIA_BASE="$STATE/rabbitmq/mnesia" \
    RABBITMQ_LOG_BASE="$LOG" \
    ERL_EPMD_ADDRESS="$API" \
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS="-kernel inet_dist_use_interface {127,0,0,1} +S 2:2 +sbwt none +sbwtdcpu none +sbwtdio none" \
    -- /usr/lib/rabbitmq/bin/rabbitmq-server
}

ready() {
  wait_for 60 rabbitmq listening 5672
  touch "$DONE/rabbitmq"
}

stop() {
  halt rabbitmq 20
  halt epmd
}
