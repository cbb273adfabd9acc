import { namesOf, verb } from "../core/format";
import type { Limit } from "./bounds";
import type { Argument } from "./demand";
import type { Policy } from "./policy";
import type { Sample } from "./sample";
import { samplesCovering } from "./zone-load";

/**
 * Returns the names of the zones that are out of the rotation, for example for maintenance. Ignores a zone whose number
 * is above `zones`: such a zone is being removed, because the zone with the highest number is removed first.
 */
export const outOfRotation = (latest: Sample | undefined, zones: number): readonly string[] =>
  (latest?.out ?? []).filter(({ number }) => number <= zones).map(({ name }) => name);

/**
 * Returns `samples` in which zones that were down for a while are in `out`, as if an operator had drained them. Such a
 * zone was down in all samples of the last `window` seconds, or of the last two intervals if these are longer. One
 * sample is not enough: right after a reload, HAProxy has not checked any zone yet.
 */
export function withoutDown(
  samples: readonly Sample[],
  { window, interval }: Policy,
  now: number,
): readonly Sample[] {
  const seen =
    samplesCovering(samples, now, { seconds: Math.max(window, 2 * interval), interval }) ?? [];
  const latest = samples.at(-1)?.zones ?? [];
  const isDown = (name: string): boolean =>
    seen.length > 1 &&
    seen.every(({ zones }) => zones.some((zone) => zone.name === name && zone.down));
  const down = latest.map(({ name }) => name).filter(isDown);
  if (down.length === 0) return samples;
  const out = down.map((name) => ({ name, number: Number(/\d+$/.exec(name)) }));
  return samples.map((sample) => ({
    ...sample,
    zones: sample.zones.filter(({ name }) => !down.includes(name)),
    out: [...sample.out, ...out],
  }));
}

export const outInWords = (out: readonly string[]): string =>
  `${namesOf(out)} ${verb(out, "is", "are")} out of the rotation`;

/** Returns `argument` with one more zone for each zone in `out`, because those zones accept no new connections. */
export function plusOut(argument: Argument, out: readonly string[]): Argument {
  const { found, zones, reason } = argument;
  if (out.length === 0 || zones === null) return argument;
  return {
    ...argument,
    found: `${found}, ${namesOf(out)} out of the rotation`,
    zones: zones + out.length,
    reason: `${reason}, and ${outInWords(out)}`,
  };
}

/** Returns the limit that keeps at least one zone in the rotation; empty if no zone is `out`. */
export function minimumServing(out: readonly string[]): readonly Limit[] {
  if (out.length === 0) return [];
  return [
    {
      name: "rotation",
      found: `${namesOf(out)} out of the rotation`,
      threshold: "1 zone in the rotation",
      zones: out.length + 1,
      reason: `${outInWords(out)}, and at least one zone must serve`,
    },
  ];
}
