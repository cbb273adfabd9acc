# shellcheck shell=bash
# Lets services that start in parallel wait for each other. Sourced, never run.

# Descriptor 8 never has data, so `nap` waits until its timeout. A `sleep` process for each poll would cost much more
# processor time, because services poll in parallel.
exec 8<> <(:)
nap() { read -rt "$1" -u 8 || true; } # nap SECONDS

# True if the `up` that started this worker has ended, or if another worker has failed.
abandoned() { [ -e "$RUN/failed" ] || ! kill -0 $$ 2>/dev/null; }

need() { # need SERVICE...: returns when all of the services are ready
  local other
  for other in "$@"; do
    until [ -e "$RUN/$other.ready" ]; do
      abandoned && exit 1
      nap 0.1
    done
  done
}

# Runs a command once in the lifetime of the state. If the command is killed, the next `up` runs it again. The
# command must first remove what an earlier attempt may have left.
once() { # once NAME COMMAND...
  local name=$1
  shift
  [ -e "$DONE/$name" ] && return 0
  "$@"
  touch "$DONE/$name"
}
