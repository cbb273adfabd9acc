import type { Headroom } from "../clouds/cloud";
import type { UpdateOutcome } from "../stack/outcome";
import type { Counters } from "./counters";
import type { Sample } from "./sample";

/** Result of one look at the exchange. */
export interface ExchangeLook {
  /** Number of zones in service, from the stack's outputs. */
  readonly zones: number;
  readonly sample: Sample;
  /** Counters of each zone by its name; the base of the next rates. */
  readonly counters: Readonly<Record<string, Counters>>;
}

/** Reads and changes the exchange for a tick. */
export interface Executor {
  look(): Promise<ExchangeLook>;
  /** Reads the number of zones from the stack's outputs now; the number of a look may be a minute old. */
  inService(): Promise<number>;
  /** Returns how many more zones the quota allows; null if there is no limit or the limit is unknown. */
  headroom(): Promise<Headroom | null>;
  /** Scales the exchange to `zones` zones. */
  change(zones: number, signal: AbortSignal): Promise<UpdateOutcome>;
  /** Returns whether an update was killed, so that the cloud may have resources that the stack does not know. */
  hasPendingOperations(): Promise<boolean>;
  /** Deletes the resources that a killed update left in the cloud, and refreshes the stack. */
  repair(signal: AbortSignal): Promise<UpdateOutcome>;
}
