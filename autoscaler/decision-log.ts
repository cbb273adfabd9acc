import { readFileSync } from "node:fs";
import { z } from "zod";

/** A line of the autoscaler's log of decisions. */
const decisionSchema = z.object({
  /** ISO 8601. */
  time: z.string(),
  stack: z.string(),
  action: z.string(),
  /** How many zones there are to be. */
  zones: z.number(),
  reason: z.string(),
  outcome: z.string().nullish(),
});
export type LoggedDecision = z.infer<typeof decisionSchema>;

/**
 * The last decision in the log `log`, or in the file before it, where that has just been begun; null
 * where no autoscaler has run here.
 */
export function lastDecision(log: string): LoggedDecision | null {
  return lastOf(log) ?? lastOf(`${log}.1`);
}

function lastOf(file: string): LoggedDecision | null {
  for (const line of textOf(file).split("\n").reverse()) {
    const decision = decisionSchema.safeParse(parsed(line)).data;
    if (decision !== undefined) return decision;
  }
  return null;
}

/** Nothing where there is no such file, which may be since it is being renamed just now. */
function textOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    return "";
  }
}

/** A line that is being written is no decision yet. */
function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}
