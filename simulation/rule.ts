import type { Fleet } from "./fleet";
import type { TraceRow } from "./trace";

/** A rule that decides how many zones the exchange has. */
export interface ScalingRule {
  readonly name: string;
  /** Number of zones at the start. */
  readonly first: number;
  /** Called for every second of the trace. Reads the load and the fleet, and changes the fleet if needed. */
  look(load: TraceRow, fleet: Fleet): void;
}

/** Result of a rule for a trace. */
export interface Result {
  readonly rule: string;
  readonly zoneHours: number;
  readonly overloadMinutes: number;
  /** How often the number of zones was changed. */
  readonly moves: number;
}
