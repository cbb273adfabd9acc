import type { Argument } from "./demand";
import type { Limit } from "./limits";
import { samplesCovering } from "./load";
import type { Policy } from "./policy";
import type { Sample } from "./sample";
import { namesOf, verb } from "../core/format";

/**
 * Returns which of the first `zones` zones are out of the rotation, for example for maintenance. Zones are removed from
 * the end, so any zone beyond the first `zones` is about to be removed.
 */
export const outOfRotation = (latest: Sample | undefined, zones: number): readonly string[] =>
  (latest?.out ?? []).filter(({ number }) => number <= zones).map(({ name }) => name);

/**
 * Returns `samples` in which a zone that was down for the policy's whole window is out of the rotation, as if an
 * operator had drained it. One look is not enough: after a reload of HAProxy, no zone has been checked yet.
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

/** Returns `argument` with the zones that are `out` added, because they accept no new connections. */
export function plusOut(argument: Argument, out: readonly string[]): Argument {
  const { found, zones, because } = argument;
  if (out.length === 0 || zones === null) return argument;
  return {
    ...argument,
    found: `${found}, ${namesOf(out)} out of the rotation`,
    zones: zones + out.length,
    because: `${because}, and ${outInWords(out)}`,
  };
}

/** Returns the limit that keeps at least one zone in the rotation if zones are `out`; else an empty list. */
export function minimumServing(out: readonly string[]): readonly Limit[] {
  if (out.length === 0) return [];
  return [
    {
      name: "rotation",
      found: `${namesOf(out)} out of it`,
      threshold: "1 zone in it",
      zones: out.length + 1,
      because: `${outInWords(out)}, and at least one zone must serve`,
    },
  ];
}
