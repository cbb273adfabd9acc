#!/bin/sh
# Starts Asterisk and closes connections of phones. Runs on a zone, as root.
#
#   asterisk.sh start-unread PATH...         starts Asterisk if it does not run, and prints the PATHs of files that are
#                                            newer than the start of Asterisk
#   asterisk.sh restart                      runs the image's check of the files and restarts Asterisk
#   asterisk.sh fault                        prints the error of the image's check; nothing if there is none
#   asterisk.sh disconnect LOCAL all         closes all connections to the port LOCAL of the zone
#   asterisk.sh disconnect LOCAL [PORT]...   closes connections to LOCAL from these ports of the controller

# Asterisk creates its console socket when it starts, so the socket's modification time tells when Asterisk started.
socket=/run/asterisk/asterisk.ctl
# The image's check (trunkline-preflight.service) writes its error to this file.
fault=/run/trunkline/fault

command=$1
shift
case $command in
start-unread)
  [ -S "$socket" ] || {
    rm -f "$fault"
    systemctl start asterisk.service 2>/dev/null || true
  }
  find "$@" -newer "$socket" 2>/dev/null || true
  ;;
restart)
  rm -f "$fault"
  # A failed check is not an error here: `fault` prints the check's message, which has more detail than systemd's.
  systemctl restart trunkline-preflight.service asterisk.service || [ -s "$fault" ]
  ;;
fault) cat "$fault" 2>/dev/null || true ;;
disconnect)
  listener="sport = :$1"
  shift
  if [ "${1-}" = all ]; then
    ss -t -n --kill state established "$listener" >/dev/null 2>&1
    exit
  fi
  # The kernel limits the length of a filter, so one call of ss gets at most 20 ports.
  while [ $# -gt 0 ]; do
    ports="dport = :$1"
    shift
    for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19; do
      [ $# -gt 0 ] || break
      ports="$ports or dport = :$1"
      shift
    done
    ss -t -n --kill state established "$listener and ( $ports )" >/dev/null 2>&1 || exit
  done
  ;;
*)
  echo "asterisk.sh: unknown command $command" >&2
  exit 2
  ;;
esac
