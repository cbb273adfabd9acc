import type { Schedule } from "../config/autoscale-schema";
import { cronOf } from "../config/cron";
import { formatDuration } from "../core/duration";
import { count } from "../core/format";
import type { Argument } from "./demand";
import type { Policy } from "./policy";

/**
 * Returns the start of the current window of `schedule`, or of a window that starts within `lead` seconds; else null.
 */
function current({ cron, timeZone, for: length }: Schedule, lead: number, now: number) {
  const run = cronOf(cron, timeZone).nextRun(new Date(now - length * 1000));
  return run !== null && run.getTime() <= now + lead * 1000 ? run : null;
}

/**
 * Returns the number of zones that the schedules ask for. A schedule applies from `lead` seconds before its window
 * starts until the window ends. Of several schedules that apply, the highest number counts.
 */
export function scheduled({ schedules, lead }: Policy, now: number): Argument {
  const [first] = schedules
    .flatMap((schedule) => {
      const run = current(schedule, lead, now);
      return run === null ? [] : [{ ...schedule, run }];
    })
    .sort((one, other) => other.min - one.min);
  if (first === undefined) {
    const threshold = schedules.length === 0 ? "none" : count(schedules.length, "schedule");
    return { name: "schedule", found: "no window now", threshold, zones: null, reason: "" };
  }
  const { cron, timeZone, for: length, min, run } = first;
  const time = run.toLocaleTimeString("en-GB", { timeZone, hour: "2-digit", minute: "2-digit" });
  return {
    name: "schedule",
    found: `${time} ${timeZone}, for ${formatDuration(length)}`,
    threshold: `"${cron}", ${formatDuration(lead)} before`,
    zones: min,
    reason: `the schedule "${cron}" asks for ${count(min, "zone")} from ${time} ${timeZone} on`,
  };
}
