import type { Headroom } from "../clouds/cloud";
import type { UpdateOutcome } from "../stack/outcome";
import type { Counters } from "./counters";
import type { Sample } from "./sample";

/** One look at the exchange. */
export interface ExchangeLook {
  /** Zones in service, as the stack remembers them. */
  readonly zones: number;
  readonly sample: Sample;
  /** What each zone has counted up to now, by its name: the next rates are reckoned from it. */
  readonly counters: Readonly<Record<string, Counters>>;
}

/** What a tick does to the world, and asks of it. */
export interface Executor {
  look(): Promise<ExchangeLook>;
  /** Zones in service, as the stack remembers them now: what a look knows may be a minute old. */
  inService(): Promise<number>;
  /** Null where there is no limit, or none that can be told. */
  headroom(): Promise<Headroom | null>;
  /** Brings the exchange to so many zones. */
  change(zones: number, signal: AbortSignal): Promise<UpdateOutcome>;
  /** Whether an update was killed, so that the cloud may have more than the stack knows of. */
  hasPendingOperations(): Promise<boolean>;
  /** Takes what a killed update left behind in the cloud away, and tells the stack how things are. */
  repair(signal: AbortSignal): Promise<UpdateOutcome>;
}
