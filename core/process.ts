import { readFileSync } from "node:fs";

/** Ticks per second in `/proc` (USER_HZ). */
const TICKS = 100;

/**
 * Tolerance of start times in milliseconds. Linux reports its boot time in whole seconds, and clocks are adjusted.
 * A reboot takes longer than the tolerance.
 */
const TOLERANCE = 5_000;

/**
 * Returns whether the process that had the process ID `pid` at time `then` still runs. Another process may have
 * reused the ID since then, especially after a reboot; such a process started after `then`.
 *
 * If the clock was set forward in between, the start time of any process seems later. So the process also counts
 * as running if its command contains `program`.
 *
 * @param then in milliseconds since 1970.
 * @param program part of the original process's command.
 */
export function isProcessAlive(pid: number, then: number, program: string): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    // EPERM: the process exists, but belongs to another user.
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return false;
  }
  const status = read(`/proc/${String(pid)}/stat`);
  const [, boot] = /^btime (\d+)$/m.exec(read("/proc/stat") ?? "") ?? [];
  // `/proc` hides the process from this user.
  if (status === null || boot === undefined) return true;
  // Fields after the process name, which may contain any character. These are fields 3 and 22 of proc_pid_stat(5).
  const fields = status.slice(status.lastIndexOf(") ") + 2).split(" ");
  if (fields[0] === "Z") return false;
  const started = (Number(boot) + Number(fields[19]) / TICKS) * 1000;
  return !(started > then + TOLERANCE) || commandOf(pid).includes(program);
}

/** Returns the program of a process and its arguments; empty if they are hidden. */
const commandOf = (pid: number): string =>
  (read(`/proc/${String(pid)}/cmdline`) ?? "").replaceAll("\0", " ");

function read(file: string): string | null {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return null;
  }
}
