import { z } from "zod";
import { NodeError } from "../../core/errors";
import { ScriptFailed, type Session } from "../../ssh/session";
import { quote } from "../../core/shell";

const PROGRAM = "/usr/lib/trunkline/bans";
/** Exit code of a shell that finds no program (POSIX, "Exit Status for Commands"). */
const NOT_FOUND = 127;

const lockKey = { source: z.ipv4(), account: z.string().nullable() };
const banSchema = z.object({
  ...lockKey,
  /** Until the lock ends. */
  seconds: z.number(),
  reason: z.string(),
  /** How many locks this is in a day. */
  times: z.number(),
  /** Log-ins that were refused meanwhile. */
  refused: z.number(),
  /** Whether registered phones are let in all the same. */
  restricted: z.boolean(),
});

/** A source address that may not log in: to one account, or to any (null). */
export interface LockKey {
  readonly source: string;
  readonly account: string | null;
}
export type Ban = Readonly<z.infer<typeof banSchema>>;

/** The locks of the controller, the one that ends first at the start. @throws NodeError */
export const bansOf = (controller: Session): Promise<Ban[]> =>
  ask(controller, [], z.array(banSchema));

/**
 * Lifts the lock of a source and an account, or of a source and all of its accounts (null).
 *
 * @returns the locks that there were.
 * @throws NodeError
 */
export const liftBan = (controller: Session, { source, account }: LockKey): Promise<LockKey[]> =>
  ask(
    controller,
    ["lift", source, ...(account === null ? [] : [account])],
    z.array(z.object(lockKey)),
  );

async function ask<T>(
  controller: Session,
  words: readonly string[],
  schema: z.ZodType<T>,
): Promise<T> {
  let output;
  try {
    output = await controller.run([PROGRAM, ...words].map(quote).join(" "));
  } catch (error) {
    if (!(error instanceof ScriptFailed) || error.exitCode !== NOT_FOUND) throw error;
    throw new NodeError(
      controller.node,
      "its image is older than locks are; give the controller a newer one (docs/changes.md)",
    );
  }
  try {
    return schema.parse(JSON.parse(output));
  } catch {
    throw new NodeError(controller.node, `${PROGRAM} prints what is no list of locks`);
  }
}
