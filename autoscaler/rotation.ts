import type { Argument } from "./demand";
import type { Limit } from "./limits";
import type { Sample } from "./sample";
import { namesOf, verb } from "./words";

/**
 * Which of the first `zones` zones are out of the rotation: somebody works on them. Zones go from
 * the end, so those beyond are about to go.
 */
export const outOfRotation = (latest: Sample | undefined, zones: number): readonly string[] =>
  (latest?.out ?? []).filter(({ number }) => number <= zones).map(({ name }) => name);

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
