import { Cron } from "croner";

/** Returns what is wrong with a cron expression and what to write instead; undefined if nothing is wrong. */
export function cronFault(pattern: string): string | undefined {
  const remedy = 'write five fields such as "0 12 * * 1-5"';
  try {
    const never = cronOf(pattern, "UTC").nextRun() === null;
    return never ? `names a time that never comes; ${remedy}` : undefined;
  } catch {
    return `is not a cron expression; ${remedy}`;
  }
}

export function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

/**
 * Parses a cron expression: minute, hour, day, month, day of the week. Starts no timer.
 *
 * @throws if `pattern` is faulty.
 */
export function cronOf(pattern: string, timeZone: string): Cron {
  return new Cron(pattern, { timezone: timeZone, mode: "5-part", paused: true });
}
