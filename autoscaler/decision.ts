import type { Headroom } from "../clouds/cloud";

/** What is known beside the samples when a decision is made. Times are milliseconds since 1970. */
export interface ScalingState {
  /** Zones in service. */
  readonly zones: number;
  /** When the last scale-out and the last scale-in were finished; null when there was none. */
  readonly lastOut: number | null;
  readonly lastIn: number | null;
  /** When a zone was to go and could not; null where none was since the last scale-in. */
  readonly failedIn: number | null;
  /** Scale-outs that have failed in a row, and when the last of them did. */
  readonly failures: { readonly count: number; readonly at: number } | null;
  /** How many zones more the cloud's quota allows, and what is short beyond them; null when unknown. */
  readonly headroom: Headroom | null;
}

/** What to do, and why. */
export interface Decision {
  readonly action: "out" | "in" | "hold";
  /** Zones there shall be. */
  readonly zones: number;
  /** One sentence for an operator, with the figures that it rests on. */
  readonly reason: string;
  /** Everything that was looked at, for the table of `--explain`. */
  readonly criteria: readonly Criterion[];
}

/** One thing that may ask for more zones, or allow fewer. */
export interface Criterion {
  /**
   * `calls`, `throughput`, `cpu`, `phones`, `schedule`, `rotation`, `min`, `max`, `cost`, `quota`,
   * `cooldown`.
   */
  readonly name: string;
  /** What was found, with its unit; `unknown` where it could not be read. */
  readonly found: string;
  /** What it is held against. */
  readonly threshold: string;
  /** Zones that it asks for at least, or allows at most; null when it has no say now. */
  readonly zones: number | null;
}
