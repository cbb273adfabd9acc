# shellcheck shell=bash disable=SC2034  # read by the files that are sourced after this one
# Paths, addresses and the order of services. Sourced, never run.

# Not below a home directory of mode 0700: dnsmasq gives up root, and could not read its host files there.
STATE=${LAB_STATE:-/var/lib/trunkline-lab}
ETC=$STATE/etc         # configuration, which every `up` writes again
LOG=$STATE/log         # logs of units, and of other steps of lab.sh
RUN=$STATE/run         # pid files, and the files by which services wait for each other
DONE=$STATE/done       # one file for each step that runs once in the lifetime of the state
SECRETS=$STATE/secrets # one random secret per file
CLAIM=$LAB/../.trunkline/lab-started # exists if `make up` or `make down` of this clone started the lab, see cli/lab.ts
CACHE=${TRUNKLINE_CACHE:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/trunkline}/lab

API=127.0.0.1 # address that services listen on
REGION=RegionOne
CLOUDS=$STATE/clouds.yaml
AUTH_URL=http://$API:5000/v3

EXTERNAL_BRIDGE=br-ex
# The second documentation range of RFC 5737. The third one, 203.0.113.0/24, hides package mirrors on some machines.
EXTERNAL_CIDR=198.51.100.0/24
EXTERNAL_HOST=198.51.100.1

# An order in which the services could start one by one. `up` starts them in parallel, and each service waits for the
# services that it needs.
SERVICES=(network hypervisor mariadb rabbitmq memcached keystone placement glance catalog
  libvirt neutron nova resources)
# `down` stops these stages one after another, and the services of a stage in parallel.
STOP_STAGES=("nova neutron" "libvirt network keystone placement glance" "mariadb rabbitmq memcached")
