#!/bin/sh
# Prints values of the kernel for parseCounters in counters.ts: processor time, the boot ID, the seconds since boot, and
# the bytes of each network interface. Starts only one process (cat), because emulated servers start processes slowly.
read -r cpu </proc/stat
printf '%s\n' "$cpu"
cat /proc/sys/kernel/random/boot_id /proc/uptime /proc/net/dev
