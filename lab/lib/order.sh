# shellcheck shell=bash
# How services that start side by side wait for each other. Sourced, never run.

# A dozen services poll side by side: a `sleep` process for each turn would take a tenth of a core.
exec 8<> <(:)
nap() { read -rt "$1" -u 8 || true; } # nap SECONDS

# True when the `up` that started this worker is gone or another of its workers has failed.
abandoned() { [ -e "$RUN/failed" ] || ! kill -0 $$ 2>/dev/null; }

need() { # need SERVICE...: returns when each of them is ready
  local other
  for other in "$@"; do
    until [ -e "$RUN/$other.ready" ]; do
      abandoned && exit 1
      nap 0.1
    done
  done
}

# What leaves the state half-made when killed begins again from nothing next time, so the command
# must first remove what an earlier attempt may have left.
once() { # once NAME COMMAND...
  local name=$1
  shift
  [ -e "$DONE/$name" ] && return 0
  "$@"
  touch "$DONE/$name"
}
