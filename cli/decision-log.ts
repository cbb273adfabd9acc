import { existsSync, readFileSync } from "node:fs";
import { z } from "zod";
import { DECISIONS } from "./paths";

/** A line of the autoscaler's log of decisions. */
const decisionSchema = z.object({
  /** ISO 8601. */
  time: z.string(),
  /** The stack that it is about, where several share the log. */
  stack: z.string().optional(),
  action: z.string(),
  /** How many zones there are to be. */
  zones: z.number(),
  reason: z.string(),
  outcome: z.string().nullish(),
});
export type LoggedDecision = z.infer<typeof decisionSchema>;

/** The last decision about the stack `name`; null where no autoscaler has run here. */
export function lastDecision(name: string, log = DECISIONS): LoggedDecision | null {
  if (!existsSync(log)) return null;
  const lines = readFileSync(log, "utf8").split("\n").reverse();
  for (const line of lines) {
    const decision = decisionSchema.safeParse(parsed(line)).data;
    if (decision !== undefined && (decision.stack ?? name) === name) return decision;
  }
  return null;
}

/** A line that is being written is no decision yet. */
function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}
