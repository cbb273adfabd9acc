# shellcheck shell=bash
# Output for the operator. Sourced, never run.

# Descriptors 3 and 4 stay on the terminal when services redirect their own output to logs.
exec 3>&1 4>&2

say() { printf '[%3ds] %s\n' "$SECONDS" "$*" >&3; }
# Prints an error and exits. If services start in parallel, only the first one that fails prints its error, because the
# others fail as a consequence.
die() {
  [ -z "${phase:-}" ] || mkdir "$RUN/failed" 2>/dev/null || exit 1
  printf 'lab: %s\n' "$*" >&4
  exit 1
}

# Prints the line of a log that most likely shows the error.
last_error() { # last_error FILE
  local line
  line=$({ grep -aE 'CRITICAL|ERROR|[Ee]rror|Exception|[Ff]ailed|refused|denied' "$1" || tail -n 5 "$1"; } 2>/dev/null |
    grep -av '^[[:space:]]*$' | tail -n 1 | cut -c1-300)
  printf '%s' "${line:-no messages}"
}
