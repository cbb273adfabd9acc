import { z } from "zod";

/** Seconds in each unit of a duration, the largest unit first. */
const UNITS = { h: 3600, m: 60, s: 1 };

/** Formats `seconds` in the largest unit that divides them: `90s`, `15m`, `1h`. */
export function formatDuration(seconds: number): string {
  const [unit = "s", size = 1] =
    Object.entries(UNITS).find(([, size]) => seconds >= size && seconds % size === 0) ?? [];
  return `${String(seconds / size)}${unit}`;
}

/** Formats `seconds` for a message, in the largest unit that divides them: `90 s`, `15 min`, `1 h`. */
export const durationInWords = (seconds: number): string =>
  formatDuration(seconds).replace(/[smh]$/, (unit) => (unit === "m" ? " min" : ` ${unit}`));

/** Formats `seconds` as a clock does: `m:ss` or `h:mm:ss`. */
export function clockTime(seconds: number): string {
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor((seconds % 3600) / 60)];
  const rest = String(seconds % 60).padStart(2, "0");
  return hours === 0
    ? `${String(minutes)}:${rest}`
    : `${String(hours)}:${String(minutes).padStart(2, "0")}:${rest}`;
}

/** Parses `90`, `"90"`, `"90s"`, `"15m"` or `"1h"` into seconds; returns undefined for any other value. */
export function parseDuration(value: string | number): number | undefined {
  const [, digits, unit = "s"] = /^([0-9]{1,9})([smh])?$/.exec(String(value)) ?? [];
  return digits === undefined ? undefined : Number(digits) * UNITS[unit as keyof typeof UNITS];
}

/** Range of the durations that {@link durationSchema} accepts. */
export interface DurationBounds {
  /** Minimum in seconds. */
  readonly min: number;
  /** Maximum in seconds. */
  readonly max: number;
  /** Valid duration that error messages give as an example. */
  readonly example: string;
}

/** Returns the schema of a duration that an operator writes. The parsed value is in whole seconds. */
export const durationSchema = ({ min, max, example }: DurationBounds) =>
  z
    .union([z.number(), z.string()], {
      error: `is not a duration; write a number of seconds, or a duration such as "${example}"`,
    })
    .transform((value, context) => {
      const fault = (message: string): never => {
        context.addIssue({ code: "custom", message });
        return z.NEVER;
      };
      const time = parseDuration(value);
      if (time === undefined) {
        return fault(
          `is not a duration; write a number of seconds, or a duration such as "${example}"`,
        );
      }
      if (time < min || time > max) {
        return fault(
          `is ${formatDuration(time)}, which is not between ${formatDuration(min)} and ` +
            `${formatDuration(max)}; write one such as "${example}"`,
        );
      }
      return time;
    });
