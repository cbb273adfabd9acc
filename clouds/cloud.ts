import type { Headroom } from "../autoscaler/hands";

/** What an autoscaler asks of the cloud beside Pulumi. Each kind of cloud has its own. */
export interface Cloud {
  /** How many zones more it gives; null where nothing limits them. @throws Fault */
  headroom(): Promise<Headroom | null>;
  /** All that carries the exchange's mark, in the order in which it can be deleted. @throws Fault */
  marked(): Promise<readonly Marked[]>;
}

/** Something in the cloud that carries the mark of an exchange. */
export interface Marked {
  /** As people call it: `server`. */
  readonly kind: string;
  /** As a stack's state calls it. */
  readonly type: string;
  /** Of one `type` alone: some clouds count their servers and their networks from 1. */
  readonly id: string;
  /** `zone2`; `trunk` for the network of all of them. */
  readonly node: string;
  /** Deletes it, and waits until it is gone. @throws Fault */
  remove(): Promise<void>;
}
