# shellcheck shell=bash disable=SC2034  # read by the files that are sourced after this one
# Where the lab lives and how its parts find each other. Sourced, never run.

# Not below a 0700 home: dnsmasq gives up root and must still reach its host files.
STATE=${LAB_STATE:-/var/lib/trunkline-lab}
ETC=$STATE/etc         # configuration, written anew by every `up`
LOG=$STATE/log         # one file per process, one more for a service's initialisation
RUN=$STATE/run         # pid files, and the marks by which services wait for each other
DONE=$STATE/done       # marks of what must happen once in the life of the state
SECRETS=$STATE/secrets # one random password per file
CLAIM=$LAB/../.trunkline/lab-started # that `make up` of this clone started the lab, see cli/cloud.ts
CACHE=${TRUNKLINE_CACHE:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/trunkline}/lab

API=127.0.0.1 # the one address that anything listens on
REGION=RegionOne
CLOUDS=$STATE/clouds.yaml
AUTH_URL=http://$API:5000/v3

EXTERNAL_BRIDGE=br-ex
# RFC 5737's second documentation range: the third one hides package mirrors on some build machines.
EXTERNAL_CIDR=198.51.100.0/24
EXTERNAL_HOST=198.51.100.1

# In the order in which they could start one by one; `up` starts them side by side, and each waits
# for the ones it needs.
SERVICES=(network hypervisor mariadb rabbitmq memcached keystone placement glance catalog
  libvirt neutron nova resources)
# `down` ends these stages one after another, the services of a stage side by side.
STOP_STAGES=("nova neutron" "libvirt network keystone placement glance" "mariadb rabbitmq memcached")
