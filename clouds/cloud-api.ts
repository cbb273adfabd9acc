/** Room that the quotas of a cloud leave for more zones. */
export interface Headroom {
  readonly zones: number;
  /** Message about the scarcest quota: the amount left, the limit, and the amount that a zone needs. */
  readonly shortage: string;
}

/** Requests that the autoscaler and repairs send to the cloud directly, without Pulumi. */
export interface CloudApi {
  /** Returns the room for more zones; null if no quota applies. @throws OperatorError */
  headroom(): Promise<Headroom | null>;
  /** Returns all resources with the exchange's tag, in the order in which they can be deleted. @throws OperatorError */
  taggedResources(): Promise<readonly TaggedResource[]>;
}

export interface TaggedResource {
  /** Human-readable kind, for example `server`. */
  readonly kind: string;
  /** Resource type in the state of a Pulumi stack. */
  readonly type: string;
  /** ID in the cloud. Unique only within `type`, because some clouds number servers and networks separately. */
  readonly id: string;
  /** Name of the node, such as `zone2`; `trunk` for the network that all nodes share. */
  readonly node: string;
  /** Deletes the resource and waits until the cloud no longer has it. @throws OperatorError */
  remove(): Promise<void>;
}

/** A limited resource of a cloud, and how much of it each zone needs. */
export interface Allowance {
  /** Plural name for a message, such as `cores`. */
  readonly name: string;
  readonly limit: number;
  readonly left: number;
  readonly perZone: number;
}

/** Returns the headroom that the scarcest of `allowances` leaves; null if a zone needs none of them. */
export function headroomOf(allowances: readonly Allowance[]): Headroom | null {
  return allowances
    .filter(({ perZone }) => perZone > 0)
    .map(({ name, limit, left, perZone }): Headroom => ({
      zones: Math.floor(left / perZone),
      shortage: `${String(left)} of ${String(limit)} ${name} left, and a zone needs ${String(perZone)}`,
    }))
    .reduce<Headroom | null>(
      (least, room) => (least === null || room.zones < least.zones ? room : least),
      null,
    );
}
