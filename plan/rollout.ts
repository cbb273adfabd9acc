/**
 * In which order an update replaces servers. One zone after the other, so that the others carry the
 * calls; a server that is new waits for nobody.
 */

/** All that a server is replaced for when it changes. */
export interface ServerSpec {
  /** ID of an image. */
  readonly image: string;
  readonly flavor: string;
  /** Of a zone. */
  readonly sipDriver?: string;
}

/** By the name of the node: `controller`, `zone1`, … */
export type ServerSpecs = Readonly<Record<string, ServerSpec>>;

const isSame = (a: ServerSpec, b: ServerSpec): boolean =>
  a.image === b.image && a.flavor === b.flavor && a.sipDriver === b.sipDriver;

/** Names of the servers that change from `last` to `next`, in the order of `next`. */
export function replacedServers(last: ServerSpecs, next: ServerSpecs): string[] {
  return Object.entries(next)
    .filter(([name, spec]) => {
      const before = last[name];
      return before !== undefined && !isSame(before, spec);
    })
    .map(([name]) => name);
}

/** Whose turn is before that of `zone`; undefined where it has none, or the first one. */
export function turnBefore(zone: string, rolling: readonly string[]): string | undefined {
  return rolling[rolling.indexOf(zone) - 1];
}

/**
 * Which of `nodes` have their files before `zone` enters the rotation: all but those whose own turn
 * comes later, as they wait for `zone`.
 */
export function readyBefore(
  zone: string,
  nodes: readonly string[],
  rolling: readonly string[],
): string[] {
  const later = rolling.includes(zone) ? rolling.slice(rolling.indexOf(zone) + 1) : [];
  return nodes.filter((node) => !later.includes(node));
}
