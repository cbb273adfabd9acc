#!/bin/sh
# Starts Asterisk and closes connections of phones. Runs on a zone, as root.
#
#   asterisk.sh start-unread PATH...         starts Asterisk if it does not run, and prints the files that are newer
#                                            than its start
#   asterisk.sh restart                      restarts Asterisk, after the image's check of the files
#   asterisk.sh fault                        prints why the image's check refuses to start Asterisk, if it does
#   asterisk.sh disconnect LOCAL all         closes all connections of the port LOCAL
#   asterisk.sh disconnect LOCAL [PORT]...   closes its connections from these ports of the controller

# Created when Asterisk starts.
socket=/run/asterisk/asterisk.ctl
# Written by the image's check (trunkline-preflight.service).
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
  # Ignores a failed check: `fault` prints the check's message, which has more detail than systemd's.
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
  # The kernel limits the length of a filter.
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
  echo "asterisk.sh: there is no command $command" >&2
  exit 2
  ;;
esac
