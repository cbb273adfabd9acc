import type { Headroom } from "../clouds/cloud-api";
import type { UpdateOutcome } from "../stack/outcome";
import type { Counters } from "./counters";
import type { Sample } from "./sample";

/** A sample of the exchange, with the data that the next sample needs. */
export interface ExchangeObservation {
  /** Number of zones in service, from the stack's outputs. */
  readonly zones: number;
  readonly sample: Sample;
  /** Counters of each zone by its name. The next rates are computed from them. */
  readonly counters: Readonly<Record<string, Counters>>;
}

/** Reads and changes the exchange for a tick. */
export interface Executor {
  observe(): Promise<ExchangeObservation>;
  /** Returns the current number of zones in the stack's outputs. The number that `observe` returns may be a minute old. */
  inService(): Promise<number>;
  /** Returns how many more zones the quota allows; null if there is no limit or the limit is unknown. */
  headroom(): Promise<Headroom | null>;
  /** Scales the exchange to `zones` zones. */
  change(zones: number, signal: AbortSignal): Promise<UpdateOutcome>;
  /** Returns whether an update was killed. The cloud may then have resources that are not in the stack's state. */
  hasPendingOperations(): Promise<boolean>;
  /** Deletes the resources that a killed update left in the cloud, and refreshes the stack. */
  repair(signal: AbortSignal): Promise<UpdateOutcome>;
}
