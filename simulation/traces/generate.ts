/**
 * Writes the traces into this folder: `npx tsx simulation/traces/generate.ts`. Every run writes the same files.
 *
 * @packageDocumentation
 */

import { writeFileSync } from "node:fs";
import { join } from "node:path";

const HOUR = 3600;
const DAY = 24 * HOUR;
/** Bytes per second of a G.711 call through a zone: both legs, both directions, with headers. */
const BYTES_PER_CALL = 42_800;

/** Returns the height of a bell curve, which is 1 at `middle`. Most of its area is within `width` on either side. */
const bell = (seconds: number, middle: number, width: number): number =>
  Math.exp(-(((seconds - middle) / width) ** 2));

/** Returns 0 before `from`, 1 after `to`, and in between a number that grows linearly. */
const ramp = (seconds: number, from: number, to: number): number =>
  Math.min(1, Math.max(0, (seconds - from) / (to - from)));

/** Number of calls as a function of the second of the day. */
const TRACES: Readonly<Record<string, (seconds: number) => number>> = {
  /** An office that opens at nine: fewer calls at lunch, a decline in the late afternoon, almost no calls at night. */
  "diurnal-office": (s) =>
    4 +
    (110 + 115 * bell(s, 10.5 * HOUR, 1.5 * HOUR) + 90 * bell(s, 15 * HOUR, 1.5 * HOUR)) *
      (ramp(s, 9 * HOUR, 9.3 * HOUR) - ramp(s, 16.5 * HOUR, 18.5 * HOUR)),

  /** A quiet office in which calls rise sharply at noon, and fall from 12:30 on. */
  "noon-spike": (s) =>
    6 +
    34 * bell(s, 13 * HOUR, 4 * HOUR) +
    150 * (ramp(s, 12 * HOUR, 12.05 * HOUR) - ramp(s, 12.5 * HOUR, 12.75 * HOUR)),

  /** A quiet day with an unexpected peak, which begins at about 15:20. */
  "flash-crowd": (s) =>
    25 +
    20 * bell(s, 14 * HOUR, 5 * HOUR) +
    300 * (ramp(s, 15.33 * HOUR, 15.5 * HOUR) - ramp(s, 16 * HOUR, 17 * HOUR)),

  /** Shifts of a call center: in every three hours, calls rise for an hour, and then drop within six minutes. */
  sawtooth: (s) =>
    10 +
    250 *
      ramp(s % (3 * HOUR), 0.5 * HOUR, 1.5 * HOUR) *
      (1 - ramp(s % (3 * HOUR), 1.6 * HOUR, 1.7 * HOUR)),
};

/** Yields numbers between 0 and 1. The same seed gives the same numbers in any version of Node.js (mulberry32). */
function* random(seed: number): Generator<number, never> {
  for (let state = seed; ;) {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    yield ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }
}

for (const [index, [name, callsAt]] of Object.entries(TRACES).entries()) {
  const noise = random(index + 1);
  const lines = ["seconds,calls,bytesPerSecond"];
  for (let seconds = 0; seconds <= DAY; seconds += 60) {
    const calls = callsAt(seconds);
    // Random noise of at most the square root of the number of calls, up or down.
    const chance = (noise.next().value + noise.next().value - 1) * Math.sqrt(calls);
    const whole = Math.max(0, Math.round(calls + chance));
    lines.push([seconds, whole, whole * BYTES_PER_CALL].join(","));
  }
  writeFileSync(join(__dirname, `${name}.csv`), `${lines.join("\n")}\n`);
}
