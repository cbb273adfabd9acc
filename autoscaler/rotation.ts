import type { Argument } from "./demand";
import type { Limit } from "./limits";
import { covering } from "./load";
import type { Policy } from "./policy";
import type { Sample } from "./sample";
import { namesOf, verb } from "../core/format";

/**
 * Which of the first `zones` zones are out of the rotation: somebody works on them. Zones go from
 * the end, so those beyond are about to go.
 */
export const outOfRotation = (latest: Sample | undefined, zones: number): readonly string[] =>
  (latest?.out ?? []).filter(({ number }) => number <= zones).map(({ name }) => name);

/**
 * `samples` with the zones that HAProxy has had down for all of the policy's window out of the rotation,
 * as if somebody had taken them out. One look tells nothing: after a reload, no zone has been checked yet.
 */
export function withoutDown(
  samples: readonly Sample[],
  { window, interval }: Policy,
  now: number,
): readonly Sample[] {
  const seen = covering(samples, now, { seconds: Math.max(window, 2 * interval), interval }) ?? [];
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

export const areOut = (out: readonly string[]): string =>
  `${namesOf(out)} ${verb(out, "is", "are")} out of the rotation`;

/** What `argument` asks for, beside the zones that are `out` and serve nobody new. */
export function beside(argument: Argument, out: readonly string[]): Argument {
  const { found, zones, because } = argument;
  if (out.length === 0 || zones === null) return argument;
  return {
    ...argument,
    found: `${found}, ${namesOf(out)} out of the rotation`,
    zones: zones + out.length,
    because: `${because}, and ${areOut(out)}`,
  };
}

/** Where zones are `out`, one at least serves beside them. */
export function serving(out: readonly string[]): readonly Limit[] {
  if (out.length === 0) return [];
  return [
    {
      name: "rotation",
      found: `${namesOf(out)} out of it`,
      threshold: "1 zone in it",
      zones: out.length + 1,
      because: `${areOut(out)}, and one zone at least is to serve`,
    },
  ];
}
