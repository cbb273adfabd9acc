import { readFileSync } from "node:fs";

/** Ticks in a second, as `/proc` counts them (USER_HZ). */
const TICKS = 100;

/** In milliseconds: Linux knows its boot to a second, and clocks are set. A reboot takes longer. */
const TOLERANCE = 5_000;

/**
 * Whether the process that had the number `pid` at the time `then`, in milliseconds since 1970, still
 * lives. Another one that has its number by now, after a reboot above all, began later.
 *
 * A clock that is set in between makes any process seem to begin later: so a process lives as well if its
 * command is the one that had the number.
 *
 * @param program part of that process's command.
 */
export function isProcessAlive(pid: number, then: number, program: string): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    // Otherwise it is somebody else's, whom this one may not send signals to.
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return false;
  }
  const status = read(`/proc/${String(pid)}/stat`);
  const [, boot] = /^btime (\d+)$/m.exec(read("/proc/stat") ?? "") ?? [];
  // Hidden from this user.
  if (status === null || boot === undefined) return true;
  // After the name, which may contain anything; proc_pid_stat(5) counts these as fields 3 and 22.
  const fields = status.slice(status.lastIndexOf(") ") + 2).split(" ");
  if (fields[0] === "Z") return false;
  const began = (Number(boot) + Number(fields[19]) / TICKS) * 1000;
  return !(began > then + TOLERANCE) || commandOf(pid).includes(program);
}

/** The program of a process and its arguments; empty if they are hidden. */
const commandOf = (pid: number): string =>
  (read(`/proc/${String(pid)}/cmdline`) ?? "").replaceAll("\0", " ");

function read(file: string): string | null {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return null;
  }
}
