# shellcheck shell=bash
# Debian packages: found missing, installed without questions and without starting anything, neither now nor
# when the machine boots. Sourced.

POLICY=/usr/sbin/policy-rc.d
POLICY_MARK='# trunkline-lab: packages must not start services'
SYSTEMD=/run/systemd/system # is there where systemd runs the machine
UNITS=$STATE/units-before   # what was enabled before the installation that has not ended yet

install_packages() { # install_packages PACKAGE... (debconf answers on standard input)
  local missing=() package
  for package in "$@"; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing+=("$package")
  done
  [ ${#missing[@]} = 0 ] || install_missing "${missing[@]}"
  # Also after an `up` that was killed when all packages were there.
  disable_units
  allow_starts
}

install_missing() { # install_missing PACKAGE... (debconf answers on standard input)
  local answers unknown manual="apt-get install --no-install-recommends $*"
  answers=$(cat)
  command -v apt-get >/dev/null ||
    die "this is no Debian: the lab runs on Debian 12 (missing there: $*)"
  say "installing $# packages and what they depend on (about three minutes)"
  local apt=("${CLEAN[@]}" "$LAB/../tools/apt-get.sh" -y -q
    -o Dpkg::Options::=--force-unsafe-io -o Dpkg::Options::=--force-confold)
  "${apt[@]}" update >"$LOG/apt.log" 2>&1 ||
    die "apt-get update failed; log: $LOG/apt.log: $(last_words "$LOG/apt.log")"
  # The trial fails where a package is unknown, and for reasons that the installation will give.
  unknown=$({ "${apt[@]}" -s --no-install-recommends install "$@" 2>&1 || true; } |
    sed -nE "s/^E: Unable to locate package //p; s/^E: Package '?([^ ']+)'? has no installation candidate/\\1/p" |
    paste -sd ' ')
  [ -z "$unknown" ] ||
    die "no package source offers: $unknown. The lab needs Debian 12 (bookworm) main in /etc/apt/sources.list.d"

  # A machine may have its own policy-rc.d; ours goes away again, also after an `up` that was killed.
  [ -e "$POLICY" ] || printf '#!/bin/sh\n%s\nexit 101\n' "$POLICY_MARK" | install -m 755 /dev/stdin "$POLICY"
  if [ -d "$SYSTEMD" ] && [ ! -e "$UNITS" ]; then
    enabled_units >"$UNITS.new"
    mv "$UNITS.new" "$UNITS"
  fi
  debconf-set-selections <<<"$answers"
  if ! "${apt[@]}" --no-install-recommends install "$@" >>"$LOG/apt.log" 2>&1; then
    disable_units
    allow_starts
    die "packages are missing; to see why: $manual; log: $LOG/apt.log: $(last_words "$LOG/apt.log")"
  fi
}

allow_starts() { ! grep -qsxF "$POLICY_MARK" "$POLICY" || rm "$POLICY"; }

# indirect: started by units of other names. generated: made from a script in /etc/init.d.
enabled_units() {
  systemctl list-unit-files --no-legend --state=enabled,indirect,generated '*.service' '*.socket' |
    awk '{print $1}'
}

# A package enables its services, and at the next boot they would listen where the lab must.
disable_units() {
  local new
  [ -e "$UNITS" ] || return 0
  mapfile -t new < <(enabled_units | grep -vxFf "$UNITS")
  [ ${#new[@]} = 0 ] || systemctl disable --now "${new[@]}" >>"$LOG/apt.log" 2>&1 ||
    say "some of these may be in the lab's way after the next boot, see $LOG/apt.log: ${new[*]}"
  rm "$UNITS"
}
