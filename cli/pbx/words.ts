import type { RotationState } from "../../autoscaler/metrics";
import { paint } from "../terminal";

/** Text in a table for a value that could not be read. */
export const UNKNOWN_TEXT = "unknown";

export const orUnknown = <T>(value: T | null, text: (value: T) => string): string =>
  value === null ? paint("doubtful", UNKNOWN_TEXT) : text(value);

/** Formats the state of a zone in the rotation. Uses the names of HAProxy's states. */
export function placeText(place: RotationState): string {
  const { state, healthy } = place;
  if (state !== "ready") return paint("doubtful", state);
  return healthy ? paint("good", "ready") : paint("bad", "ready, but down");
}

/** Formats a rate. @param rate in bytes per second */
export function throughputText(rate: number): string {
  const units = ["B/s", "kB/s", "MB/s", "GB/s"];
  const power = rate < 1 ? 0 : Math.min(Math.floor(Math.log10(rate) / 3), units.length - 1);
  return `${(rate / 1000 ** power).toFixed(power === 0 ? 0 : 1)} ${units[power] ?? ""}`;
}

export const shareText = (share: number): string => `${(100 * share).toFixed(0)} %`;

/** Formats seconds as `m:ss` or `h:mm:ss`. */
export function durationText(seconds: number): string {
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor((seconds % 3600) / 60)];
  const rest = String(seconds % 60).padStart(2, "0");
  return hours === 0
    ? `${String(minutes)}:${rest}`
    : `${String(hours)}:${String(minutes).padStart(2, "0")}:${rest}`;
}
