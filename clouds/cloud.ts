/** Number of zones that the quotas of a cloud still allow. */
export interface Headroom {
  readonly zones: number;
  /** Describes the quota that prevents one more zone. */
  readonly shortage: string;
}

/** Requests that an autoscaler sends to the cloud itself, not through Pulumi. Each kind of cloud implements them. */
export interface CloudApi {
  /** Returns the number of additional zones that the quotas allow; null if no quota applies. @throws OperatorError */
  headroom(): Promise<Headroom | null>;
  /** Returns all resources with the exchange's tag, in the order in which to delete them. @throws OperatorError */
  taggedResources(): Promise<readonly TaggedResource[]>;
}

/** A resource in the cloud that has the tag of an exchange. */
export interface TaggedResource {
  /** Human-readable kind, for example `server`. */
  readonly kind: string;
  /** Resource type in the state of a Pulumi stack. */
  readonly type: string;
  /** Unique only within `type`: some clouds number servers and networks from 1 each. */
  readonly id: string;
  /** For example `zone2`; `trunk` for the network that all nodes share. */
  readonly node: string;
  /** Deletes the resource and waits until the cloud no longer has it. @throws OperatorError */
  remove(): Promise<void>;
}

/** A limited resource of a cloud, and how much of it each zone needs. */
export interface Allowance {
  readonly name: string;
  readonly limit: number;
  readonly left: number;
  readonly perZone: number;
}

/** Returns the headroom of the scarcest of `allowances`; null if a zone needs none of them. */
export function headroomOf(allowances: readonly Allowance[]): Headroom | null {
  return allowances
    .filter(({ perZone }) => perZone > 0)
    .map(({ name, limit, left, perZone }): Headroom => ({
      zones: Math.floor(left / perZone),
      shortage: `${String(left)} of ${String(limit)} ${name} left, and a zone takes ${String(perZone)}`,
    }))
    .reduce<Headroom | null>(
      (least, room) => (least === null || room.zones < least.zones ? room : least),
      null,
    );
}
