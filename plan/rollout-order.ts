/**
 * Order in which an update replaces servers. Zones are replaced one at a time, so that the other zones carry the
 * calls. A server that does not replace another one waits for no zone.
 *
 * @packageDocumentation
 */

/** Properties of a server. A change of any of them replaces the server. */
export interface ServerSpec {
  /** ID of an image. */
  readonly image: string;
  readonly flavor: string;
  /** SIP driver of a zone; the controller has none. */
  readonly sipDriver?: string;
}

/** Specifications of servers by the name of their nodes: `controller`, `zone1`, … */
export type ServerSpecs = Readonly<Record<string, ServerSpec>>;

const isSame = (a: ServerSpec, b: ServerSpec): boolean =>
  a.image === b.image && a.flavor === b.flavor && a.sipDriver === b.sipDriver;

/** Returns the names of the servers that are in `last` and differ in `next`, in the order of `next`. */
export function replacedServers(last: ServerSpecs, next: ServerSpecs): string[] {
  return Object.entries(next)
    .filter(([name, spec]) => {
      const before = last[name];
      return before !== undefined && !isSame(before, spec);
    })
    .map(([name]) => name);
}

/** Returns the zone that is replaced just before `zone`; undefined if `zone` is first or is not replaced. */
export function previousReplaced(zone: string, rolling: readonly string[]): string | undefined {
  return rolling[rolling.indexOf(zone) - 1];
}

/**
 * Returns the nodes whose files are in place before `zone` enters the rotation. These are all `nodes` except zones
 * that are replaced later, because those zones wait for `zone`.
 */
export function nodesConfiguredBefore(
  zone: string,
  nodes: readonly string[],
  rolling: readonly string[],
): string[] {
  const later = rolling.includes(zone) ? rolling.slice(rolling.indexOf(zone) + 1) : [];
  return nodes.filter((node) => !later.includes(node));
}
