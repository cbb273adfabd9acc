import type { Decision } from "./decision";
import type { Outcome } from "./hands";

/** What a tick came to. */
export interface Report {
  readonly decision: Decision;
  /** Zones in service before it. */
  readonly from: number;
  /** What was done, for an operator. */
  readonly outcome: string;
  /** False when something was tried and did not come about. */
  readonly ok: boolean;
}

export const counted = (zones: number): string => `${String(zones)} zone${zones === 1 ? "" : "s"}`;

/** How `what` ended. */
export function inWords(outcome: Outcome, what: string): string {
  switch (outcome.kind) {
    case "done":
      return `done: ${what}`;
    case "locked":
      return `held: another update of the stack is under way; ${what} has to wait`;
    case "interrupted":
      return `called off: ${what}; the next run goes on from there`;
    case "failed":
      return `failed: ${what}: ${outcome.why}`;
  }
}
