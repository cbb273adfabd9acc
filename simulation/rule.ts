import type { Fleet } from "./fleet";
import type { TraceRow } from "./trace";

/** Something that decides how many zones there are. */
export interface ScalingRule {
  readonly name: string;
  /** Zones at the beginning. */
  readonly first: number;
  /** Looks at the fleet, in every second, and does what it wants to be done. */
  look(load: TraceRow, fleet: Fleet): void;
}

/** What a rule made of a day. */
export interface Result {
  readonly rule: string;
  readonly zoneHours: number;
  readonly overloadMinutes: number;
  /** How often zones were ordered or sent away. */
  readonly moves: number;
}
