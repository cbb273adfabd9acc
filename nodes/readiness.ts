import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { Deadline } from "../core/deadline";
import { NodeError } from "../core/errors";
import { type Say } from "../core/logger";
import { runProgram } from "../ssh/program";
import { ScriptFailed, type Session } from "../ssh/session";

const resultSchema = z.object({ v1: z.object({ errors: z.array(z.string()).default([]) }) });

/** Seconds to wait for the end of the first boot, after the log-in. */
const BOOT_DEADLINE = 300;

/** Maximum seconds that one call of wait-boot.sh waits. An interruption takes effect after the current call. */
const WAIT = 2;

const WAIT_BOOT = readFileSync(join(__dirname, "wait-boot.sh"), "utf8");
/** Exit code of wait-boot.sh if the first boot is not done after the wait. */
const NOT_DONE = 3;

/**
 * Waits until cloud-init has finished the node's first boot.
 *
 * @throws NodeError if cloud-init fails or is not done in time, if its result has an unexpected format, if an abort of
 * `signal` ends the wait, or if the connection is lost.
 */
export async function waitForBoot(session: Session, say: Say, signal: AbortSignal): Promise<void> {
  say("waiting for cloud-init");
  const deadline = new Deadline(BOOT_DEADLINE * 1000);
  let result: string | null = null;
  while (result === null) {
    result = await booted(session);
    if (result === null && signal.aborted) {
      throw new NodeError(session.node, "interrupted before cloud-init was done");
    }
    if (result === null && deadline.isExpired) {
      throw new NodeError(
        session.node,
        `cloud-init is not done after ${String(BOOT_DEADLINE)} s; see /var/log/cloud-init.log on the node`,
      );
    }
  }
  const errors = result.trim() === "" ? [] : errorsIn(session, result);
  if (errors.length > 0) {
    throw new NodeError(session.node, `cloud-init failed: ${errors.join("; ")}`);
  }
}

/** Returns the errors in `result.json` of cloud-init. @throws NodeError if the format is unexpected. */
function errorsIn(session: Session, result: string): readonly string[] {
  let json: unknown;
  try {
    json = JSON.parse(result);
  } catch {
    // The text is not JSON. `json` stays undefined, which the schema below rejects.
  }
  const { data } = resultSchema.safeParse(json);
  if (data !== undefined) return data.v1.errors;
  throw new NodeError(
    session.node,
    "/run/cloud-init/result.json has an unexpected format; see /var/log/cloud-init.log on the node",
  );
}

/**
 * Waits for cloud-init, at most {@link WAIT} seconds. Returns the content of its `result.json`: empty if the node has
 * no cloud-init; null if cloud-init is not done yet.
 */
async function booted(session: Session): Promise<string | null> {
  try {
    return await runProgram(session, WAIT_BOOT, [String(WAIT)]);
  } catch (error) {
    if (!(error instanceof ScriptFailed) || error.exitCode !== NOT_DONE) throw error;
    return null;
  }
}
