#!/bin/sh
# Prints counters of the kernel, as parseCounters of counters.ts reads them: processor time, the ID of this boot,
# seconds since the boot, and bytes of each network interface. One process only: processes are slow on emulated servers.
read -r cpu </proc/stat
printf '%s\n' "$cpu"
cat /proc/sys/kernel/random/boot_id /proc/uptime /proc/net/dev
