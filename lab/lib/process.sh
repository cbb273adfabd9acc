# shellcheck shell=bash
# Processes: started detached from the terminal, known by a pid file, stopped by group. Sourced.
# A unit is one process (with its children); a service consists of one or more units.

# Distro tools need the distro's python first in PATH, and nothing of the caller's OS_* variables.
CLEAN=(env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 TZ=UTC)

# A pid file may outlive its process, and the number may be someone else's by now; so it also holds
# the start time. Both are fields of the kernel's status line, after the name, which may contain
# anything.
state_of() { # state_of PID: prints its state (R, S, Z…) and start time in ticks since boot
  local status fields
  read -r status 2>/dev/null <"/proc/$1/stat" || return 1
  read -ra fields <<<"${status##*) }"
  echo "${fields[0]} ${fields[19]}"
}
pid_of() { # pid_of UNIT: prints it if the unit is alive
  local pid time
  read -r pid time 2>/dev/null <"$RUN/$1.pid" && [[ $(state_of "$pid") == [!Z]" $time" ]] && echo "$pid"
}
alive() { pid_of "$1" >/dev/null; }

# True when the unit is older than a configuration file, or directory, among the words given.
outdated() { # outdated UNIT WORD...
  local unit=$1 path
  shift
  for path in "${@#*=}"; do
    [[ $path == "$ETC"/* && $path -nt $RUN/$unit.pid ]] && return 0
  done
  return 1
}

# The new process writes its own pid before it becomes the unit, so that there is no moment at which
# a killed `up` leaves a unit that nobody knows. No descriptor of `up` (terminal, lock) goes along.
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
  die "$unit did not start; log: $LOG/$unit.log: $(last_words "$LOG/$unit.log")"
}

# True when the unit has died within that time.
died() { # died UNIT SECONDS
  local i
  for ((i = 0; i < $2 * 20; i++)); do
    alive "$1" || return 0
    nap 0.05
  done
  ! alive "$1"
}

# Two seconds are enough for what keeps nothing; databases are given more by their own files. A unit
# that has died may have left children, which still hold its port: they go in any case.
halt() { # halt UNIT [SECONDS until it is killed]
  local unit=$1 seconds=${2:-2} pid time
  read -r pid time 2>/dev/null <"$RUN/$unit.pid" || return 0
  if alive "$unit"; then
    kill -TERM "$pid" 2>/dev/null || true
    died "$unit" "$seconds" || true
  fi
  # While the group has members the kernel gives its number to nobody else.
  if [[ ! -d /proc/$pid || $(state_of "$pid") == *" $time" ]]; then
    kill -KILL -- "-$pid" 2>/dev/null || true
  fi
  died "$unit" 2 || die "$unit does not end: process $pid"
  rm -f "$RUN/$unit.pid"
}

# Clears away what died, and after a reboot all that the pid files still speak of.
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

halt_all() { # halt_all UNIT...: side by side
  local unit halts=() pid failed=0
  for unit in "$@"; do
    halt "$unit" &
    halts+=($!)
  done
  for pid in "${halts[@]}"; do wait "$pid" || failed=1; done
  return $failed
}

wait_for() { # wait_for SECONDS UNIT COMMAND...: until the command succeeds or the unit is dead
  local seconds=$1 unit=$2 i
  shift 2
  for ((i = 1; i <= seconds * 5; i++)); do
    "$@" >/dev/null 2>&1 && return 0
    nap 0.2
    ((i % 5 == 0)) || continue
    alive "$unit" || die "$unit died; log: $LOG/$unit.log: $(last_words "$LOG/$unit.log")"
    abandoned && exit 1
  done
  die "$unit gave no answer in $seconds s ($*); log: $LOG/$unit.log: $(last_words "$LOG/$unit.log")"
}
listening() { (exec 5<>"/dev/tcp/$API/$1") 2>/dev/null; }
# Curl only when somebody listens: it costs ten times as much, and polling is most of what it does.
answering() { listening "${1%%/*}" && curl -sf -m 5 -o /dev/null "http://$API:$1"; }

# Helpers leave the process tree of their unit: dnsmasq, metadata proxies, privsep daemons behind
# sudo, guests. All of them carry a path of the state in their arguments; the name is asked for too,
# so that a pager on one of the logs survives.
helpers() { # helpers NAME-PATTERN: prints their pids
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
  die "these processes do not end: ${left[*]}"
}
