/** How many more zones a cloud has room for. */
export interface Headroom {
  readonly zones: number;
  /** What there is too little of for one more zone than that. */
  readonly short: string;
}

/** What an autoscaler asks of the cloud beside Pulumi. Each kind of cloud has its own. */
export interface CloudApi {
  /** How many zones more it gives; null where nothing limits them. @throws OperatorError */
  headroom(): Promise<Headroom | null>;
  /** All that carries the exchange's mark, in the order in which it can be deleted. @throws OperatorError */
  taggedResources(): Promise<readonly TaggedResource[]>;
}

/** Something in the cloud that carries the mark of an exchange. */
export interface TaggedResource {
  /** As people call it: `server`. */
  readonly kind: string;
  /** As a stack's state calls it. */
  readonly type: string;
  /** Of one `type` alone: some clouds count their servers and their networks from 1. */
  readonly id: string;
  /** `zone2`; `trunk` for the network of all of them. */
  readonly node: string;
  /** Deletes it, and waits until it is gone. @throws OperatorError */
  remove(): Promise<void>;
}
