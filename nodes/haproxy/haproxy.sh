#!/bin/sh
# Controls HAProxy and its servers. Runs on the controller, as root.
#
#   haproxy.sh has-config                      prints "yes" if haproxy.cfg exists
#   haproxy.sh start                           starts HAProxy if it does not run
#   haproxy.sh servers                         prints the output of `show servers state`
#   haproxy.sh running-config                  prints the output of `servers`, a line "--- cfg", and the haproxy.cfg
#                                              that HAProxy last read
#   haproxy.sh statistics                      prints the output of `show stat` for the servers in each worker
#   haproxy.sh sessions NAME                   prints "WORKER ID" for each session with the server NAME, in all workers
#   haproxy.sh close NAME                      ends all sessions with the server NAME, in all workers
#   haproxy.sh add [NAME ADDRESS SETTINGS]...  adds servers in state drain; does not change existing servers
#   haproxy.sh remove [NAME]...                removes servers, and ends their sessions in the current worker
#   haproxy.sh set-state NAME STATE            STATE is ready, drain or maint
#   haproxy.sh mark-unused NAME                records that a server is out of the rotation and has no sessions
#   haproxy.sh is-unused NAME                  prints "unused" if the server was recorded by `mark-unused`, `add` or
#                                              `remove`, and `set-state` has not run for the server since then
#   haproxy.sh reload                          makes HAProxy read haproxy.cfg
#
# The states of the servers survive a reload and a restart of HAProxy.
#
# Exit code 3: HAProxy does not answer. Exit code 4: HAProxy refuses the command; standard error has HAProxy's message.
#
# All commands to HAProxy go through the socket of its master process. After a reload, an older worker lives as long as
# it has connections, and only the master can reach it. `@1` is the current worker, `@!PID` the worker with this PID.
umask 027
backend=nodes
state=/var/lib/haproxy/server-state
# A copy of the haproxy.cfg that HAProxy last read. haproxy.service and `reload` below write the copy.
running=/run/haproxy/running.cfg
# Folder with an empty file for each server that is known to be out of the rotation and to have no sessions. The name of
# the file is the name of the server.
unused=/var/lib/haproxy/unused

ask() {
  printf '%s\n' "$1" | socat -t 60 - UNIX-CONNECT:/run/haproxy/master.sock || exit 3
}

refuse() {
  printf '%s\n' "$1" >&2
  exit 4
}

# Sends a command to the current worker. The answer must be empty or match the pattern $2.
order() {
  answer=$(ask "@1 $1") || exit
  # shellcheck disable=SC2254 # $2 is a pattern
  case $answer in
  "" | $2) ;;
  *) refuse "$answer" ;;
  esac
}

# Waits until no other instance of this script has the lock, and takes it. An update changes several zones at the same
# time, and an operator may run a command during the update.
lock() {
  exec 9>"$state.lock"
  flock 9 || exit
}

# Saves the states of the servers in a file. HAProxy reads the file as root when it starts or reloads, so no other user
# needs access to the file.
save() {
  ask '@1 show servers state' >"$state.new" || exit
  grep -q " $backend " "$state.new" || refuse 'HAProxy does not list the states of its servers'
  sync "$state.new"
  mv "$state.new" "$state"
}

workers() {
  processes=$(ask 'show proc') || exit
  printf '%s\n' "$processes" | awk '$2 == "worker" {print $1}'
}

mark_unused() {
  mkdir -p "$unused" && touch "$unused/$1"
}

add() {
  answer=$(ask "@1 add server $backend/$1 $2 $3") || exit
  case $answer in
  'New server registered.')
    mark_unused "$1"
    # Because `enable health` comes first, the server is down until its first health check succeeds.
    order "enable health $backend/$1"
    order "set server $backend/$1 state drain"
    ;;
  'Already exists '*) ;;
  *) refuse "$answer" ;;
  esac
}

remove() {
  order "set server $backend/$1 state maint" 'No such server.'
  # HAProxy deletes only a server without sessions. The sessions end some time after `shutdown sessions`, so try several
  # times.
  for attempt in 1 2 3 4 5; do
    order "shutdown sessions server $backend/$1" 'No such server.'
    answer=$(ask "@1 del server $backend/$1") || exit
    case $answer in
    'Server deleted.' | 'No such server.') break ;;
    *) [ "$attempt" -lt 5 ] || refuse "$1: $answer" ;;
    esac
    sleep 0.2
  done
  mark_unused "$1"
}

command=$1
shift
case $command in
has-config) [ ! -e /etc/haproxy/haproxy.cfg ] || echo yes ;;
start) [ -S /run/haproxy/master.sock ] || systemctl start haproxy.service ;;
servers) ask "@1 show servers state $backend" ;;
running-config)
  ask "@1 show servers state $backend"
  echo '--- cfg'
  cat "$running" 2>/dev/null || true
  ;;
statistics)
  list=$(workers) || exit
  for worker in $list; do ask "@!$worker show stat $backend 4 -1"; done
  ;;
sessions)
  list=$(workers) || exit
  for worker in $list; do
    ask "@!$worker show sess all" | awk -v worker="$worker" -v server="server=$1" '
      /^0x/ { id = substr($1, 1, length($1) - 1) }
      $1 == server { print worker, id }'
  done
  ;;
close)
  list=$(workers) || exit
  for worker in $list; do
    ask "@!$worker shutdown sessions server $backend/$1" >/dev/null || exit
  done
  ;;
add)
  lock
  while [ $# -ge 3 ]; do
    add "$1" "$2" "$3"
    shift 3
  done
  save
  ;;
remove)
  lock
  for name in "$@"; do remove "$name"; done
  save
  ;;
set-state)
  lock
  rm -f "$unused/$1"
  order "set server $backend/$1 state $2"
  save
  ;;
mark-unused) mark_unused "$1" ;;
is-unused) [ ! -e "$unused/$1" ] || echo unused ;;
reload)
  lock
  save
  cp /etc/haproxy/haproxy.cfg "$running.new"
  answer=$(ask reload) || exit
  case $answer in
  Success=1*) mv "$running.new" "$running" ;;
  *) refuse "$(printf '%s\n' "$answer" | sed -n 's/^\[ALERT\][^:]*: //p')" ;;
  esac
  ;;
*)
  echo "haproxy.sh: unknown command $command" >&2
  exit 2
  ;;
esac
