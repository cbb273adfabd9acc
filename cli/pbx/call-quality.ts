import type { Media } from "../../nodes/asterisk/media";
import { MAX_JITTER_MS, MAX_LOSS_PERCENT } from "../prove";
import { paint } from "../terminal";

/** Maximum one-way delay of a good call in milliseconds, from ITU-T G.114. */
export const MAX_DELAY_MS = 150;

const FIGURES = [
  { of: "lossPercent", bound: MAX_LOSS_PERCENT, unit: "%", digits: 2 },
  { of: "jitterMs", bound: MAX_JITTER_MS, unit: "ms", digits: 1 },
  { of: "delayMs", bound: MAX_DELAY_MS, unit: "ms", digits: 1 },
] as const;

/** `bad` if a value exceeds its bound, `unknown` if there are no values. */
export type QualityVerdict = "ok" | "bad" | "unknown";

export function verdictOn(media: Media): QualityVerdict {
  const known = FIGURES.filter(({ of }) => media[of] !== null);
  if (known.length === 0) return "unknown";
  return known.every(({ of, bound }) => (media[of] ?? Infinity) <= bound) ? "ok" : "bad";
}

/** Formats loss, jitter and delay for a table, each compared with its bound. */
export const qualityTexts = (media: Media): string[] =>
  FIGURES.map(({ of, bound, unit, digits }) => {
    const value = media[of];
    if (value === null) return "–";
    const isGood = value <= bound;
    return paint(
      isGood ? "good" : "bad",
      `${value.toFixed(digits)} ${unit} ${isGood ? "ok" : "bad"}`,
    );
  });

export const QUALITY_HEADS = [
  `lost (≤ ${String(MAX_LOSS_PERCENT)} %)`,
  `jitter (≤ ${String(MAX_JITTER_MS)} ms)`,
  `delay (≤ ${String(MAX_DELAY_MS)} ms)`,
];
