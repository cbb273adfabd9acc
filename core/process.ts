import { readFileSync } from "node:fs";

/** Ticks per second in `/proc` (USER_HZ). */
const TICKS = 100;

/**
 * Tolerance in milliseconds for comparisons with the start time of a process. The start time is inexact, because Linux
 * reports its boot time in whole seconds, and NTP adjusts the clock. A reboot takes longer than the tolerance.
 */
const TOLERANCE = 5_000;

/**
 * Returns whether the process that had the process ID `pid` at time `then` still runs. Another process may have
 * the ID now, especially after a reboot. Such a process started after `then`.
 *
 * If the clock was set forward after `then`, the start times in `/proc` are too late. Therefore the process also counts
 * as running if its command line contains `program`.
 *
 * @param then time in milliseconds since 1970.
 * @param program part of the command line of the process, for example `pulumi`.
 */
export function isProcessAlive(pid: number, then: number, program: string): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    // Any other error, such as EPERM, means that the process exists but belongs to another user.
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return false;
  }
  const status = read(`/proc/${String(pid)}/stat`);
  const [, boot] = /^btime (\d+)$/m.exec(read("/proc/stat") ?? "") ?? [];
  // If `/proc` hides the process from this user, its start time is unknown. The process then counts as running.
  if (status === null || boot === undefined) return true;
  // The fields after the process name, which may contain any character. `fields[0]` is field 3 of proc_pid_stat(5), the
  // state of the process. `fields[19]` is field 22, the start time in ticks after the boot.
  const fields = status.slice(status.lastIndexOf(") ") + 2).split(" ");
  if (fields[0] === "Z") return false;
  const started = (Number(boot) + Number(fields[19]) / TICKS) * 1000;
  return !(started > then + TOLERANCE) || commandOf(pid).includes(program);
}

/** Returns the command line of a process; empty if `/proc` hides it. */
const commandOf = (pid: number): string =>
  (read(`/proc/${String(pid)}/cmdline`) ?? "").replaceAll("\0", " ");

function read(file: string): string | null {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return null;
  }
}
