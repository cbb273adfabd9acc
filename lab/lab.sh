#!/usr/bin/env bash
# An OpenStack on this machine, for deployments and their tests. See --help.
set -euo pipefail

LAB=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
for part in settings console process order files database uwsgi packages; do
  # shellcheck source=/dev/null
  . "$LAB/lib/$part.sh"
done

usage() {
  cat <<EOF
An OpenStack cloud on this machine (Debian 12, root), for deployments and their tests.

usage: lab.sh COMMAND
  up              install what is missing, start what is not running; again and again if you like
  prove           boot a server; where it does not come up, start the lab anew and try again
  down [--purge]  stop everything; --purge also deletes databases, images, servers and passwords
  status          one line per process; exit status 0 when all of them run, 3 when none does
  trouble         what is amiss: processes that are down, and the last error that each one logged
  logs [SERVICE]  the end of every log, or more of one service's: ${SERVICES[*]}

environment
  LAB_STATE  where the lab keeps its state  ($STATE)
  LAB_VIRT   kvm or qemu, instead of finding out which one works

What a deployment needs is in $CLOUDS, cloud trunkline-lab.
EOF
}

# Every service file has the same entry points: packages, answers, units and ports are lists,
# configure, init, start, ready and stop are functions.
load() { # load SERVICE
  packages=() answers=() units=() ports=()
  service=$1
  # shellcheck source=/dev/null
  . "$LAB/services/$1.sh"
}

as_root() { [ "$(id -u)" = 0 ] || die "the lab makes bridges and guests: run it as root"; }

# One run at a time. Workers of a run that was killed hold the lock until they have noticed.
lock() {
  mkdir -p "$STATE"
  exec 9>"$STATE/lock.file"
  flock -n 9 && return 0
  say "waiting for another run of the lab to end"
  flock -w 300 9 || die "another run holds $STATE/lock.file for five minutes: end it (fuser -v $STATE/lock.file)"
}

up() {
  as_root
  lock
  (umask 077 && mkdir -p "$ETC" "$LOG" "$DONE" "$SECRETS" "$RUN" "$STATE/lock")
  rm -rf "$RUN"/*.ready "$RUN/failed"
  forget_dead

  local wanted=() questions=() busy
  for service in "${SERVICES[@]}"; do
    load "$service"
    wanted+=("${packages[@]}")
    questions+=("${answers[@]}")
  done
  install_packages "${wanted[@]}" < <(printf '%s\n' "${questions[@]}")

  for service in "${SERVICES[@]}"; do
    (load "$service" && configure)
  done
  busy=$(foreign_listeners)
  [ -z "$busy" ] ||
    die "another program listens where the lab must: ${busy% }; ss -ltnp names it. Stop it, and where it" \
      "starts with the machine: systemctl disable --now NAME.service NAME.socket"

  local workers=() worker failed=0
  for service in "${SERVICES[@]}"; do
    bring_up "$service" &
    workers+=($!)
  done
  for worker in "${workers[@]}"; do wait "$worker" || failed=1; done
  [ $failed = 0 ] || exit 1
  say "up: export OS_CLIENT_CONFIG_FILE=$CLOUDS OS_CLOUD=trunkline-lab"
}

# Runs beside the workers of the other services; `need` puts them in order.
bring_up() { # bring_up SERVICE
  phase=init
  trap 'report $?' EXIT
  load "$1"
  init >>"$LOG/$service-init.log" 2>&1
  phase=start
  start
  phase=ready
  ready
  touch "$RUN/$service.ready"
  say "$service"
}

report() { # report EXIT-STATUS
  local log=$LOG/$service.log
  if [ "$1" = 0 ] || abandoned; then return; fi
  [ "$phase" = init ] && log=$LOG/$service-init.log
  die "$service: $phase failed; log: $log: $(last_words "$log")"
}

# That every process runs, and says so, does not mean that a server gets its network.
prove() {
  as_root
  boots && return 0
  trouble >&2
  say "a server does not come up: $(last_words "$LOG/prove.log")"
  say "starting the lab anew"
  down ""
  up
  boots || die "a server does not come up; log: $LOG/prove.log: $(last_words "$LOG/prove.log")"
}

boots() {
  "${CLEAN[@]}" OS_CLIENT_CONFIG_FILE="$CLOUDS" python3 "$LAB/lib/prove.py" >>"$LOG/prove.log" 2>&1
}

foreign_listeners() {
  local busy port unit
  busy=$(ss -Hltn "src $API or src 0.0.0.0 or src [::]" | awk '{sub(/.*:/, "", $4); print $4}')
  for service in "${SERVICES[@]}"; do
    load "$service"
    for unit in "${units[@]}"; do alive "$unit" && continue 2; done
    for port in "${ports[@]}"; do
      ! grep -qx "$port" <<<"$busy" || printf '%s (%s) ' "$port" "$service"
    done
  done
}

down() {
  local purge=${1:-} stage left=()
  local -A stops
  as_root
  [ -d "$STATE" ] || { say "nothing there"; return 0; }
  lock
  forget_dead
  for stage in "${STOP_STAGES[@]}"; do
    for service in $stage; do
      (load "$service" && stop) &
      stops[$service]=$!
    done
    for service in $stage; do wait "${stops[$service]}" || left+=("$service"); done
    [ ${#left[@]} -gt 0 ] || say "stopped: $stage"
  done
  # What is left may still write to its state, and would be known to nobody without it.
  [ ${#left[@]} = 0 ] ||
    die "could not stop: ${left[*]}, see above; nothing was deleted, and the same command can be run again"
  [ -z "$purge" ] || rm -rf "${STATE:?}"
  say "down"
}

status() {
  local unit pid running=0 missing=0
  printf '%-18s %-6s %8s %10s\n' SERVICE STATE PID MEMORY
  for service in "${SERVICES[@]}"; do
    load "$service"
    for unit in "${units[@]}"; do
      if pid=$(pid_of "$unit"); then
        printf '%-18s %-6s %8s %6d MiB\n' "$unit" up "$pid" "$(memory "$pid")"
        running=1
      else
        printf '%-18s %-6s\n' "$unit" down
        missing=1
      fi
    done
  done
  [ $running = 1 ] || return 3 # as of any service that does not run, by the Linux Standard Base
  return $missing
}

# A lab in good health logs next to no errors.
trouble() {
  local file
  status | awk '$2 == "down" {print $1 ": is down"}'
  for file in "$LOG"/*.log; do
    # Date and time stay; what follows up to the words, the same for all of a service, does not.
    sed -nE 's/\x1b\[[0-9;]*m//g; s/^(\S+ \S+) .*(ERROR|CRITICAL) \S+ (\[[^]]*\] )*(.*\S.*)$/\1 \4/p' "$file" |
      tail -n 1 | cut -c 1-200 | sed "s/^/$(basename "$file" .log): /"
  done
}

# Of a unit and its children, which share its process group; shared pages counted once.
memory() { # memory PID
  local pids pid
  mapfile -t pids < <(pgrep -g "$1")
  for pid in "${pids[@]}"; do cat "/proc/$pid/smaps_rollup" 2>/dev/null || true; done | awk '/^Pss:/{sum += $2} END {print int(sum / 1024)}'
}

logs() {
  local lines=20 names=() file
  if [ $# -gt 0 ]; then
    load "$1"
    lines=200 names=("$1" "$1-init" "${units[@]}")
    names=("${names[@]/%/.log}")
  fi
  for file in "$LOG"/*.log; do
    [[ -s $file && " ${names[*]:-${file##*/}} " == *" ${file##*/} "* ]] || continue
    printf '==> %s\n' "$file"
    tail -n "$lines" "$file" || true
    echo
  done
}

refuse() {
  printf 'lab: %s; see lab.sh --help\n' "$*" >&4
  exit 2
}

command=${1:---help}
[ $# -eq 0 ] || shift
# Whoever asks what a command does has not asked for it.
[[ " $* " != *" --help "* && " $* " != *" -h "* ]] || command=help
case $command in
  -h | --help | help) usage && exit ;;
  up | prove | status | trouble) [ $# -eq 0 ] || refuse "$command takes no argument, not $*" ;;
  down) [ $# -eq 0 ] || [ "$*" = --purge ] || refuse "down takes --purge or nothing, not $*" ;;
  logs) [ $# -eq 0 ] || [[ $# -eq 1 && -e $LAB/services/$1.sh ]] || refuse "no service $*; there are: ${SERVICES[*]}" ;;
  *) refuse "no command $command" ;;
esac
"$command" "$@"
# Whoever starts the lab next may not be `make up`, by whose mark `make down` stops it. The lab that `prove`
# starts anew is the same one, and stays marked.
[ "$command" != down ] || rm -f "$CLAIM"
