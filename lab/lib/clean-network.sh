#!/usr/bin/env bash
# Removes what neutron's agents leave on the machine: namespaces, bridges, taps, firewall chains and sets.
# Removes only objects with neutron's names. Other rules stay and keep their counters.
#   clean-network.sh
set -euo pipefail

# --- namespaces, then the remaining devices in the root namespace ---
ip -o netns list 2>/dev/null | awk '/^(qdhcp|qrouter)-/{print $1}' | while read -r namespace; do
  ip netns del "$namespace"
done
ip -o link | sed -nE 's/^[0-9]+: ((brq|tap)[0-9a-f]{8}-[0-9a-f]{2})[@:].*/\1/p' | while read -r device; do
  ip link del "$device" 2>/dev/null || true # fails if the device was deleted with the other end of its pair
done

# --- firewall: flush neutron's chains, remove the jumps to them, and delete them; one transaction per table ---
for family in iptables ip6tables; do
  for table in raw mangle nat filter; do
    rules=$("$family-save" -t "$table" 2>/dev/null) || continue
    grep -q '^:neutron-' <<<"$rules" || continue
    {
      echo "*$table"
      sed -nE 's/^(:neutron-[^ ]+) .*/\1 - [0:0]/p' <<<"$rules" # flushes an existing chain
      sed -nE '/^-A neutron-/!s/^-A (.* -j neutron-.*)/-D \1/p' <<<"$rules"
      sed -nE 's/^:(neutron-[^ ]+) .*/-X \1/p' <<<"$rules"
      echo COMMIT
    } | "$family-restore" --noflush --wait
  done
done

# --- ARP protection ---
chains=$(ebtables-save 2>/dev/null | sed -nE 's/^:(neutron(ARP|MAC)[^ ]*) .*/\1/p') || chains=
if [ -n "$chains" ]; then
  ebtables-save | sed -n '/^\*nat/,/^\*[^n]/{/^-A PREROUTING .*-j neutron/s/^-A //p}' | while read -r rule; do
    # shellcheck disable=SC2086  # the rule is a list of words
    ebtables -t nat -D $rule
  done
  for chain in $chains; do ebtables -t nat -F "$chain"; done
  for chain in $chains; do ebtables -t nat -X "$chain"; done
fi

# --- sets: possible now, because the rules that used them are deleted ---
{ ipset list -n 2>/dev/null || true; } | sed -n '/^N\(IPv4\|IPv6\|ETHER\)/p' | while read -r set; do
  ipset destroy "$set"
done
