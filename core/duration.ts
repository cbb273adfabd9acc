import { z } from "zod";

/** Seconds of each unit that a duration may be written in, the largest first. */
const UNITS = { h: 3600, m: 60, s: 1 };

/** The shortest way to write `seconds`: `90s`, `15m`, `1h`. */
export function formatDuration(seconds: number): string {
  const [unit = "s", size = 1] =
    Object.entries(UNITS).find(([, size]) => seconds >= size && seconds % size === 0) ?? [];
  return `${String(seconds / size)}${unit}`;
}

/** Seconds of `90`, `"90"`, `"90s"`, `"15m"` or `"1h"`; undefined for anything else. */
export function parseDuration(value: string | number): number | undefined {
  const [, digits, unit = "s"] = /^([0-9]{1,9})([smh])?$/.exec(String(value)) ?? [];
  return digits === undefined ? undefined : Number(digits) * UNITS[unit as keyof typeof UNITS];
}

/** What a duration may be. */
export interface DurationBounds {
  /** In seconds. */
  readonly min: number;
  readonly max: number;
  /** An example for a message. */
  readonly such: string;
}

/** A time as an operator writes it, which everything else takes as whole seconds. */
export const durationSchema = ({ min, max, such }: DurationBounds) =>
  z
    .union([z.number(), z.string()], {
      error: `is not a duration; write seconds, or one such as "${such}"`,
    })
    .transform((value, context) => {
      const fault = (message: string): never => {
        context.addIssue({ code: "custom", message });
        return z.NEVER;
      };
      const time = parseDuration(value);
      if (time === undefined) {
        return fault(`is not a duration; write seconds, or one such as "${such}"`);
      }
      if (time < min || time > max) {
        return fault(
          `is ${formatDuration(time)}, which is not between ${formatDuration(min)} and ` +
            `${formatDuration(max)}; write one such as "${such}"`,
        );
      }
      return time;
    });
