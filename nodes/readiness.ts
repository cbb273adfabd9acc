import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { type Say } from "../core/logger";
import { NodeError } from "../core/errors";
import { Deadline } from "../core/deadline";
import { runProgram } from "../ssh/program";
import { ScriptFailed, type Session } from "../ssh/session";

const resultSchema = z.object({ v1: z.object({ errors: z.array(z.string()).default([]) }) });

/** How long a server may take from its first login until all its first boot is done, in seconds. */
const BOOT_DEADLINE = 300;

/** How long it is waited for on the node at a time, in seconds: an interruption is noticed between. */
const SHIFT = 2;

/** Waits on the node. */
const WAIT_BOOT = readFileSync(join(__dirname, "wait-boot.sh"), "utf8");
/** Exit code of the program if the boot is not done in time. */
const LATE = 3;

/**
 * Resolves when the node's first boot is done.
 *
 * @throws NodeError saying what went wrong in it, or that `signal` has ended the wait.
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
    if (result === null && deadline.isOver) {
      throw new NodeError(
        session.node,
        `cloud-init is not done after ${String(BOOT_DEADLINE)} s; see /var/log/cloud-init.log there`,
      );
    }
  }
  const errors = result.trim() === "" ? [] : errorsIn(session, result);
  if (errors.length > 0) {
    throw new NodeError(session.node, `cloud-init failed: ${errors.join("; ")}`);
  }
}

/** Errors of the first boot, in `result.json` of cloud-init. @throws NodeError if it is anything else. */
function errorsIn(session: Session, result: string): readonly string[] {
  let json: unknown;
  try {
    json = JSON.parse(result);
  } catch {
    // Not JSON: refused below.
  }
  const { data } = resultSchema.safeParse(json);
  if (data !== undefined) return data.v1.errors;
  throw new NodeError(
    session.node,
    "/run/cloud-init/result.json is not understood; see /var/log/cloud-init.log there",
  );
}

/** What cloud-init says of its work; null where it is not done in a while. */
async function booted(session: Session): Promise<string | null> {
  try {
    return await runProgram(session, WAIT_BOOT, [String(SHIFT)]);
  } catch (error) {
    if (!(error instanceof ScriptFailed) || error.exitCode !== LATE) throw error;
    return null;
  }
}
