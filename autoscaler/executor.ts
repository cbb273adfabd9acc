import type { Headroom } from "../clouds/cloud-api";
import type { UpdateOutcome } from "../stack/outcome";
import type { Counters } from "./counters";
import type { Sample } from "./sample";

/** A sample of the exchange, with the number of zones and the counters. */
export interface ExchangeObservation {
  /** Number of zones in service, from the stack's outputs. */
  readonly zones: number;
  readonly sample: Sample;
  /** The last counters of each zone, by the name of the zone. The next rates are computed from them. */
  readonly counters: Readonly<Record<string, Counters>>;
}

/** Reads and changes the exchange for a tick. */
export interface Executor {
  observe(): Promise<ExchangeObservation>;
  /** Reads the number of zones in the stack's outputs. The number that `observe` returns may be a minute old. */
  inService(): Promise<number>;
  /** Returns how many more zones the quota allows; null if there is no limit or the limit is unknown. */
  headroom(): Promise<Headroom | null>;
  /** Scales the exchange to `zones` zones. */
  change(zones: number, signal: AbortSignal): Promise<UpdateOutcome>;
  /** Returns whether an update was killed during an operation, so that the cloud may have unrecorded resources. */
  hasPendingOperations(): Promise<boolean>;
  /** Refreshes the stack, and deletes the resources that a killed update created and did not record. */
  repair(signal: AbortSignal): Promise<UpdateOutcome>;
}
