import { count } from "../core/format";
import type { UpdateOutcome } from "../stack/outcome";
import type { Decision } from "./decision";
import { blindness, type Sample } from "./sample";

/** Result of a tick of the autoscaler. */
export interface Report {
  readonly decision: Decision;
  readonly sample: Sample;
  /** Number of zones in service before the tick. */
  readonly from: number;
  /** What the tick did, as text for an operator. */
  readonly outcome: string;
  /** False if a change or a repair failed, if the guard refused a change, or if {@link isBlind}. */
  readonly ok: boolean;
}

/** Describes the outcome of the change `what`, for example `from 2 to 3 zones`. */
export function describeOutcome(outcome: UpdateOutcome, what: string): string {
  switch (outcome.kind) {
    case "done":
      return `done: ${what}`;
    case "locked":
      return `held: another update of the stack is under way; not done yet: ${what}`;
    case "held":
      return `held: ${outcome.why}`;
    case "refused":
      return `held: the guard refuses: ${outcome.why}`;
    case "interrupted":
      return `cancelled: ${what}; the next run repairs the stack if needed`;
    case "failed":
      return `failed: ${what}: ${outcome.why}`;
  }
}

export const describeDecision = ({ action, zones, reason }: Decision): string =>
  `${action === "hold" ? "hold at" : `${action} to`} ${count(zones, "zone")}: ${reason}`;

/** Returns whether the decision is to hold, and no zone could be read. */
export const isBlind = ({ decision, sample }: Pick<Report, "decision" | "sample">): boolean =>
  decision.action === "hold" && blindness(sample) !== null;
