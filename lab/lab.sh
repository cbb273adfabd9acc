#!/usr/bin/env bash
# Runs an OpenStack cloud on this machine, for deployments and their tests. See --help.
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
  up              install missing packages and start missing processes; safe to repeat
  prove           boot a test server; if it does not start, restart the lab and try again
  down [--purge]  stop everything; --purge also deletes databases, images, servers and passwords
  status          print one line per process; exit status 0 if all processes run, 3 if none runs
  trouble         print the processes that are down, and the last error in each log
  logs [SERVICE]  print the end of every log, or more of one service's logs: ${SERVICES[*]}

environment
  LAB_STATE  folder of the lab's state  ($STATE)
  LAB_VIRT   kvm or qemu; skips the test whether KVM works

Deployments use the cloud trunkline-lab in $CLOUDS.
EOF
}

# Loads the file of a service. The file defines the functions configure, init, start, ready and stop. It may set the
# lists packages, answers, units and ports, which are empty by default.
load() { # load SERVICE
  packages=() answers=() units=() ports=()
  service=$1
  # shellcheck source=/dev/null
  . "$LAB/services/$1.sh"
}

as_root() { [ "$(id -u)" = 0 ] || die "the lab creates bridges and guests; run it as root"; }

# Allows one `up` or `down` at a time. Workers of a killed run hold the lock until they notice that the run has ended.
lock() {
  mkdir -p "$STATE"
  exec 9>"$STATE/lock.file"
  flock -n 9 && return 0
  say "waiting for another run of lab.sh to finish"
  flock -w 300 9 ||
    die "another run has held $STATE/lock.file for five minutes; stop that run (fuser -v $STATE/lock.file)"
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
    die "another program listens on ports that the lab needs: ${busy% } (ss -ltnp shows the program); stop the" \
      "program and, if it starts at boot, run: systemctl disable --now NAME.service NAME.socket"

  local workers=() worker failed=0
  for service in "${SERVICES[@]}"; do
    bring_up "$service" &
    workers+=($!)
  done
  for worker in "${workers[@]}"; do wait "$worker" || failed=1; done
  [ $failed = 0 ] || exit 1
  say "up: export OS_CLIENT_CONFIG_FILE=$CLOUDS OS_CLOUD=trunkline-lab"
}

# Starts one service. The workers of all services run in parallel; with `need`, a worker waits for other services.
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
  die "$service: $phase failed; log: $log: $(last_error "$log")"
}

# Boots a test server, because a server may get no network even if all processes report that they are ready.
prove() {
  as_root
  boots && return 0
  trouble >&2
  say "the test server does not start: $(last_error "$LOG/prove.log")"
  say "restarting the lab"
  down ""
  up
  boots || die "the test server does not start; log: $LOG/prove.log: $(last_error "$LOG/prove.log")"
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
  [ -d "$STATE" ] || { say "nothing to stop: $STATE does not exist"; return 0; }
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
  # Processes that could not be stopped may still write to the state folder, which also has their pid files.
  [ ${#left[@]} = 0 ] ||
    die "could not stop: ${left[*]} (see the errors above); nothing was deleted, run the same command again"
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
  [ $running = 1 ] || return 3 # Linux Standard Base: the program is not running
  return $missing
}

# Prints units that are down and the last error of each log. A healthy lab logs hardly any errors.
trouble() {
  local file
  { status || true; } | awk '$2 == "down" {print $1 ": is down"}'
  for file in "$LOG"/*.log; do
    # Keep the date, the time and the message. Drop the fields between them, which do not describe the error.
    sed -nE 's/\x1b\[[0-9;]*m//g; s/^(\S+ \S+) .*(ERROR|CRITICAL) \S+ (\[[^]]*\] )*(.*\S.*)$/\1 \4/p' "$file" |
      tail -n 1 | cut -c 1-200 | sed "s/^/$(basename "$file" .log): /"
  done
}

# Prints the memory of a unit and its children (its process group) in MiB. A page that several processes share is
# divided among these processes (Pss).
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
[[ " $* " != *" --help "* && " $* " != *" -h "* ]] || command=help
case $command in
  -h | --help | help) usage && exit ;;
  up | prove | status | trouble) [ $# -eq 0 ] || refuse "$command takes no arguments, got: $*" ;;
  down) [ $# -eq 0 ] || [ "$*" = --purge ] || refuse "down takes no arguments but --purge, got: $*" ;;
  logs) [ $# -eq 0 ] || [[ $# -eq 1 && -e $LAB/services/$1.sh ]] || refuse "unknown service $*; known services: ${SERVICES[*]}" ;;
  *) refuse "unknown command $command" ;;
esac
"$command" "$@"
# `make up` and `make down` write the file $CLAIM if they start the lab. `make down` stops the lab only if the file
# exists. Another command may start the lab the next time, so `down` removes the file. `prove` keeps the file.
[ "$command" != down ] || rm -f "$CLAIM"
