import { readFileSync } from "node:fs";
import { z } from "zod";

/** Fields that are read from a line of the decision log. */
const decisionSchema = z.object({
  /** When the tick began, in ISO 8601. */
  time: z.string(),
  stack: z.string(),
  action: z.string(),
  /** Number of zones to have after the action. */
  zones: z.number(),
  reason: z.string(),
  outcome: z.string().nullish(),
});
export type LoggedDecision = z.infer<typeof decisionSchema>;

/**
 * Returns the last decision in the file `log`, or in the rotated file `log`.1 if `log` has no decision yet. Returns
 * null if neither file has a decision.
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

/** Returns the text of a file; empty if the file does not exist, for example during a rotation. */
function textOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    return "";
  }
}

/** Parses a line as JSON. Returns null if this fails, for example because the line is still being written. */
function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}
