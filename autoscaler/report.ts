import type { Decision } from "./decision";
import type { UpdateOutcome } from "../stack/outcome";
import { blindness, type Sample } from "./sample";
import { count } from "../core/format";

/** What a tick came to. */
export interface Report {
  readonly decision: Decision;
  readonly sample: Sample;
  /** Zones in service before it. */
  readonly from: number;
  /** What was done, for an operator. */
  readonly outcome: string;
  /** False when something was tried and did not come about, or nothing could be seen. */
  readonly ok: boolean;
}

/** How `what` ended. */
export function inWords(outcome: UpdateOutcome, what: string): string {
  switch (outcome.kind) {
    case "done":
      return `done: ${what}`;
    case "locked":
      return `held: another update of the stack is under way; ${what} has to wait`;
    case "held":
      return `held: ${outcome.why}`;
    case "refused":
      return `held: the guard refuses: ${outcome.why}`;
    case "interrupted":
      return `called off: ${what}; the next run goes on from there`;
    case "failed":
      return `failed: ${what}: ${outcome.why}`;
  }
}

/** A decision, for a line of its own. */
export const decisionInWords = ({ action, zones, reason }: Decision): string =>
  `${action === "hold" ? "hold at" : `${action} to`} ${count(zones, "zone")}: ${reason}`;

/** Whether that is a hold since no zone could be read. */
export const isBlind = ({ decision, sample }: Pick<Report, "decision" | "sample">): boolean =>
  decision.action === "hold" && blindness(sample) !== null;
