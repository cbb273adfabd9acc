import { PHONES_PER_ZONE } from "../plan/capacity";
import type { Argument } from "./demand";
import type { Sample } from "./sample";
import { count, percent } from "./words";

/** Phones that there shall always be room for: one that finds none cannot call, nor be called. */
const SPARE = PHONES_PER_ZONE / 10;

const inWords = (phones: number): string =>
  `${count(phones, "phone")} ${phones === 1 ? "is" : "are"} connected`;

/** How many zones the phones need, each of which has a connection. */
export function phones(latest: Sample | undefined): Argument {
  const title = {
    name: "phones",
    threshold: `${String(PHONES_PER_ZONE)} a zone, ${String(SPARE)} spare`,
  };
  const connected = latest?.sessions ?? null;
  if (connected === null) return { ...title, found: "unknown", zones: null, because: "" };
  const zones = Math.ceil((connected + SPARE) / PHONES_PER_ZONE);
  return {
    ...title,
    found: count(connected, "phone"),
    zones,
    because:
      `${inWords(connected)}; with ${String(SPARE)} spare they need ` +
      `${count(zones, "zone")} of ${String(PHONES_PER_ZONE)}`,
  };
}

/** Why `zones` would not do for as many phones as `samples` tell of, with `margin` free; null where they would. */
export function phonesFault(
  samples: readonly Sample[],
  zones: number,
  margin: number,
): string | null {
  const peak = Math.max(0, ...samples.map(({ sessions }) => sessions ?? 0));
  return peak + SPARE > zones * PHONES_PER_ZONE * (1 - margin)
    ? `${inWords(peak)}, and with ${String(SPARE)} spare do not fit ${count(zones, "zone")} with ${percent(margin)} free`
    : null;
}
