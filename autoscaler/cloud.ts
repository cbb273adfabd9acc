import type { Headroom } from "./hands";

/** What an autoscaler asks of the cloud beside Pulumi. Each kind of cloud has its own. */
export interface Cloud extends QuotaSource, Inventory {}

export interface QuotaSource {
  /** How many zones more it gives; null where nothing limits them. @throws Fault */
  headroom(): Promise<Headroom | null>;
}

export interface Inventory {
  /** All that carries the exchange's mark, in the order in which it can be deleted. @throws Fault */
  marked(): Promise<readonly Marked[]>;
  /** Deletes it, and waits until it is gone. @throws Fault */
  remove(thing: Marked): Promise<void>;
}

/** Something in the cloud that carries the mark of an exchange. */
export interface Marked {
  readonly kind: "server" | "floating address" | "port";
  readonly id: string;
  /** `zone2` */
  readonly node: string;
}
