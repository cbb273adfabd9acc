# shellcheck shell=bash
# Installs missing Debian packages, without questions. The services of these packages start neither now nor at boot.
# Sourced, never run.

POLICY=/usr/sbin/policy-rc.d
POLICY_MARK='# trunkline-lab: packages must not start services'
SYSTEMD=/run/systemd/system # exists if systemd runs the machine
UNITS=$STATE/units-before   # list of the units that were enabled before an unfinished installation

install_packages() { # install_packages PACKAGE... (debconf answers on standard input)
  local missing=() package
  for package in "$@"; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing+=("$package")
  done
  [ ${#missing[@]} = 0 ] || install_missing "${missing[@]}"
  # Run these even if no package is missing: an earlier `up` may have been killed before them.
  disable_units
  allow_starts
}

install_missing() { # install_missing PACKAGE... (debconf answers on standard input)
  local answers unknown manual="apt-get install --no-install-recommends $*"
  answers=$(cat)
  command -v apt-get >/dev/null ||
    die "apt-get not found: the lab needs Debian 12 (missing packages: $*)"
  say "installing $# packages and their dependencies (about three minutes)"
  local apt=("${CLEAN[@]}" "$LAB/../tools/apt-get.sh" -y -q
    -o Dpkg::Options::=--force-unsafe-io -o Dpkg::Options::=--force-confold)
  "${apt[@]}" update >"$LOG/apt.log" 2>&1 ||
    die "apt-get update failed; log: $LOG/apt.log: $(last_error "$LOG/apt.log")"
  # The simulation fails if a package is unknown. The installation reports all other errors.
  unknown=$({ "${apt[@]}" -s --no-install-recommends install "$@" 2>&1 || true; } |
    sed -nE "s/^E: Unable to locate package //p; s/^E: Package '?([^ ']+)'? has no installation candidate/\\1/p" |
    paste -sd ' ')
  [ -z "$unknown" ] ||
    die "packages not found: $unknown; add Debian 12 (bookworm) main to /etc/apt/sources.list.d"

  # Keeps the machine's own policy-rc.d. `allow_starts` removes only a file with the lab's mark.
  [ -e "$POLICY" ] || printf '#!/bin/sh\n%s\nexit 101\n' "$POLICY_MARK" | install -m 755 /dev/stdin "$POLICY"
  if [ -d "$SYSTEMD" ] && [ ! -e "$UNITS" ]; then
    enabled_units >"$UNITS.new"
    mv "$UNITS.new" "$UNITS"
  fi
  debconf-set-selections <<<"$answers"
  if ! "${apt[@]}" --no-install-recommends install "$@" >>"$LOG/apt.log" 2>&1; then
    disable_units
    allow_starts
    die "could not install packages; to see why, run: $manual; log: $LOG/apt.log: $(last_error "$LOG/apt.log")"
  fi
}

allow_starts() { ! grep -qsxF "$POLICY_MARK" "$POLICY" || rm "$POLICY"; }

# Prints units that may start at boot: `enabled` ones, those that other units may start (`indirect`), and those made
# from a script in /etc/init.d (`generated`).
enabled_units() {
  systemctl list-unit-files --no-legend --state=enabled,indirect,generated '*.service' '*.socket' |
    awk '{print $1}'
}

# Disables the units that packages have enabled. At the next boot, they could listen on the lab's ports.
disable_units() {
  local new
  [ -e "$UNITS" ] || return 0
  mapfile -t new < <(enabled_units | grep -vxFf "$UNITS")
  [ ${#new[@]} = 0 ] || systemctl disable --now "${new[@]}" >>"$LOG/apt.log" 2>&1 ||
    say "could not disable these units; they may use the lab's ports after the next boot; log: $LOG/apt.log: ${new[*]}"
  rm "$UNITS"
}
