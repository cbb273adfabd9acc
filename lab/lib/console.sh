# shellcheck shell=bash
# What the operator sees. Sourced, never run.

# Services redirect their own output to logs; these two stay on the terminal.
exec 3>&1 4>&2

say() { printf '[%3ds] %s\n' "$SECONDS" "$*" >&3; }
# Of services that start side by side, the first to fail is the cause: it alone is heard.
die() {
  [ -z "${phase:-}" ] || mkdir "$RUN/failed" 2>/dev/null || exit 1
  printf 'lab: %s\n' "$*" >&4
  exit 1
}

# The line of a log that most likely tells what went wrong.
last_words() { # last_words FILE
  local line
  line=$({ grep -aE 'CRITICAL|ERROR|[Ee]rror|Exception|[Ff]ailed|refused|denied' "$1" || tail -n 5 "$1"; } 2>/dev/null |
    grep -av '^[[:space:]]*$' | tail -n 1 | cut -c1-300)
  printf '%s' "${line:-nothing in it}"
}
