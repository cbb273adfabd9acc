import type { Headroom } from "../clouds/cloud-api";

/** Input of a decision in addition to the samples. Times are milliseconds since 1970. */
export interface ScalingState {
  /** Number of zones in service. */
  readonly zones: number;
  /** When the last successful scale-out finished; null if there was none. */
  readonly lastOut: number | null;
  /** When the last successful scale-in finished; null if there was none. */
  readonly lastIn: number | null;
  /** When a scale-in last failed; null if none has failed since the last successful scale-in. */
  readonly failedIn: number | null;
  /** Number of failed scale-outs since the last successful one, and the time of the last; null if there are none. */
  readonly failures: { readonly count: number; readonly at: number } | null;
  /** How many more zones the cloud's quota allows, and the resource that limits them; null if unknown or unlimited. */
  readonly headroom: Headroom | null;
}

/** The action to take and the reason for it. */
export interface Decision {
  readonly action: "out" | "in" | "hold";
  /** Number of zones to have after the action. */
  readonly zones: number;
  /** One line for an operator, with the values that the decision is based on. */
  readonly reason: string;
  /** All criteria that were checked, for the table of `--explain`. */
  readonly criteria: readonly Criterion[];
}

/** One check that may ask for more zones or limit their number. */
export interface Criterion {
  /**
   * `calls`, `throughput`, `cpu`, `phones`, `schedule`, `rotation`, `min`, `max`, `cost`, `quota`,
   * `cooldown`.
   */
  readonly name: string;
  /** The current value as text; `unknown` if the value is not known. */
  readonly found: string;
  /** The threshold that `found` is compared with. */
  readonly threshold: string;
  /** Minimum number of zones that the criterion asks for, or maximum that it allows; null if it does not apply now. */
  readonly zones: number | null;
}
