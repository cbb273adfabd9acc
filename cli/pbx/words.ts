import type { RotationState } from "../../autoscaler/metrics";
import { paint } from "../terminal";

export const UNKNOWN_TEXT = "unknown";

export const orUnknown = <T>(value: T | null, text: (value: T) => string): string =>
  value === null ? paint("doubtful", UNKNOWN_TEXT) : text(value);

/** Formats the state of a zone in the rotation. Uses the names of HAProxy's states. */
export function placeText(place: RotationState): string {
  const { state, healthy } = place;
  if (state !== "ready") return paint("doubtful", state);
  return healthy ? paint("good", "ready") : paint("bad", "ready, but down");
}
