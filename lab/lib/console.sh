# shellcheck shell=bash
# Output for the operator. Sourced, never run.

# Descriptors 3 and 4 are lab.sh's original output. Later, services redirect descriptors 1 and 2 to logs.
exec 3>&1 4>&2

say() { printf '[%3ds] %s\n' "$SECONDS" "$*" >&3; }
# Prints an error and exits. If services start in parallel, only the first one that fails prints its error, because
# others may fail as a consequence.
die() {
  [ -z "${phase:-}" ] || mkdir "$RUN/failed" 2>/dev/null || exit 1
  printf 'lab: %s\n' "$*" >&4
  exit 1
}

# Prints the last line of a log that looks like an error; if there is none, the last line.
last_error() { # last_error FILE
  local line
  line=$({ grep -aE 'CRITICAL|ERROR|[Ee]rror|Exception|[Ff]ailed|refused|denied' "$1" || tail -n 5 "$1"; } 2>/dev/null |
    grep -av '^[[:space:]]*$' | tail -n 1 | cut -c1-300)
  printf '%s' "${line:-no messages}"
}
