# shellcheck shell=bash
# Processes: started detached from the terminal, identified by a pid file, stopped as a process group. Sourced, never
# run. A unit is one process with its children. A service has any number of units.

# Prefix for commands in a clean environment: Debian's python is first in PATH, and no OS_* variable is set.
CLEAN=(env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 TZ=UTC)

# A pid file may outlive its process, and another process may then have the pid. The pid file therefore also has
# the start time. In /proc/PID/stat, state and start time are after the name, which may contain any characters.
state_of() { # state_of PID: prints the state (R, S, Z…) and the start time in ticks since boot
  local status fields
  read -r status 2>/dev/null <"/proc/$1/stat" || return 1
  read -ra fields <<<"${status##*) }"
  echo "${fields[0]} ${fields[19]}"
}
pid_of() { # pid_of UNIT: prints the pid if the unit is alive
  local pid time
  read -r pid time 2>/dev/null <"$RUN/$1.pid" && [[ $(state_of "$pid") == [!Z]" $time" ]] && echo "$pid"
}
alive() { pid_of "$1" >/dev/null; }

# True if one of the words is a path below $ETC that is newer than the unit's pid file. A word may be VARIABLE=PATH.
outdated() { # outdated UNIT WORD...
  local unit=$1 path
  shift
  for path in "${@#*=}"; do
    [[ $path == "$ETC"/* && $path -nt $RUN/$unit.pid ]] && return 0
  done
  return 1
}

# Starts a unit. Keeps a running unit, unless its configuration is newer. The new process writes its pid file before it
# becomes the unit, so a killed `up` never leaves a unit without a pid file. The unit does not inherit the terminal and
# the lock of `up`.
launch() { # launch UNIT [VARIABLE=VALUE...] -- COMMAND...
  local unit=$1 variables=()
  shift
  while [ "$1" != -- ]; do
    variables+=("$1")
    shift
  done
  shift
  if alive "$unit"; then
    outdated "$unit" "${variables[@]}" "$@" || return 0
    say "$unit: configuration changed, restarting"
  fi
  halt "$unit"
  setsid "${CLEAN[@]}" "${variables[@]}" bash "$LAB/lib/become.sh" "$RUN/$unit.pid" "$@" \
    >>"$LOG/$unit.log" 2>&1 </dev/null 3>&- 4>&- 8>&- 9>&- &
  disown
  local i
  for ((i = 0; i < 50; i++)); do
    [ -s "$RUN/$unit.pid" ] && return 0
    nap 0.02
  done
  die "$unit did not start; log: $LOG/$unit.log: $(last_error "$LOG/$unit.log")"
}

# True if the unit ends within SECONDS.
died() { # died UNIT SECONDS
  local i
  for ((i = 0; i < $2 * 20; i++)); do
    alive "$1" || return 0
    nap 0.05
  done
  ! alive "$1"
}

# Stops a unit. Two seconds are enough for units without data. mariadb.sh and rabbitmq.sh allow more. Children of a dead
# unit may still hold its port, so they are killed too.
halt() { # halt UNIT [SECONDS until it is killed]
  local unit=$1 seconds=${2:-2} pid time
  read -r pid time 2>/dev/null <"$RUN/$unit.pid" || return 0
  if alive "$unit"; then
    kill -TERM "$pid" 2>/dev/null || true
    died "$unit" "$seconds" || true
  fi
  # If another process has the pid, the unit has no children left: the kernel does not reuse the number of a process
  # group that has members.
  if [[ ! -d /proc/$pid || $(state_of "$pid") == *" $time" ]]; then
    kill -KILL -- "-$pid" 2>/dev/null || true
  fi
  died "$unit" 2 || die "$unit does not stop: process $pid"
  rm -f "$RUN/$unit.pid"
}

# Removes pid files of dead units and kills their children. After a reboot, removes all pid files.
forget_dead() {
  local boot file unit
  boot=$(cat /proc/sys/kernel/random/boot_id)
  [ "$(cat "$RUN/boot" 2>/dev/null || echo "$boot")" = "$boot" ] || rm -f "$RUN"/*.pid
  echo "$boot" >"$RUN/boot"
  for file in "$RUN"/*.pid; do
    unit=${file##*/} unit=${unit%.pid}
    [ ! -e "$file" ] || alive "$unit" || halt "$unit"
  done
}

halt_all() { # halt_all UNIT...: in parallel
  local unit halts=() pid failed=0
  for unit in "$@"; do
    halt "$unit" &
    halts+=($!)
  done
  for pid in "${halts[@]}"; do wait "$pid" || failed=1; done
  return $failed
}

# Waits until the command succeeds. Exits if the unit dies, or if the command does not succeed within SECONDS.
wait_for() { # wait_for SECONDS UNIT COMMAND...
  local seconds=$1 unit=$2 i
  shift 2
  for ((i = 1; i <= seconds * 5; i++)); do
    "$@" >/dev/null 2>&1 && return 0
    nap 0.2
    ((i % 5 == 0)) || continue
    alive "$unit" || die "$unit died; log: $LOG/$unit.log: $(last_error "$LOG/$unit.log")"
    abandoned && exit 1
  done
  die "$unit did not answer within $seconds s ($*); log: $LOG/$unit.log: $(last_error "$LOG/$unit.log")"
}
listening() { (exec 5<>"/dev/tcp/$API/$1") 2>/dev/null; }
# Calls curl only if the port is open: curl costs much more than a connection, and most polls find a closed port.
answering() { listening "${1%%/*}" && curl -sf -m 5 -o /dev/null "http://$API:$1"; }

# Helpers leave the process tree of their unit: dnsmasq, metadata proxies, privsep daemons behind sudo, guests.
# All of them have a path below the state folder in their arguments. The name is checked too, so that a pager that
# shows one of the logs is not killed.
helpers() { # helpers NAME-PATTERN: prints the pids of helpers
  local directory name
  for directory in /proc/[0-9]*; do
    read -r name 2>/dev/null <"$directory/comm" || continue
    # shellcheck disable=SC2053  # a pattern
    [[ $name == $1 ]] && grep -qF "$STATE/" "$directory/cmdline" 2>/dev/null && echo "${directory#/proc/}"
  done
  return 0
}

end_helpers() { # end_helpers NAME-PATTERN
  local signal left
  for signal in TERM TERM TERM TERM KILL KILL KILL; do
    mapfile -t left < <(helpers "$1")
    [ ${#left[@]} -gt 0 ] || return 0
    kill "-$signal" "${left[@]}" 2>/dev/null || true
    nap 0.3
  done
  die "these processes do not stop: ${left[*]}"
}
