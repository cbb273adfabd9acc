import { z } from "zod";
import { NodeError } from "../../core/errors";
import { quote } from "../../core/text";
import { ScriptFailed, type Session } from "../../ssh/session";

const PROGRAM = "/usr/lib/trunkline/bans";
/** Exit code of a shell that does not find the command (POSIX, "Exit Status for Commands"). */
const NOT_FOUND = 127;

const lockKey = { source: z.ipv4(), account: z.string().nullable() };
const lockSchema = z.object({
  ...lockKey,
  /** Seconds until the lock ends. */
  seconds: z.number(),
  reason: z.string(),
  /**
   * Number of locks of this source and account in the day before this lock began, including this lock. Lifting a lock
   * resets the number.
   */
  times: z.number(),
  /** Number of log-ins that zones refused during the lock. */
  refused: z.number(),
  /**
   * Whether a phone that this lock concerns is still registered. The controller accepts such a phone in spite of the
   * lock.
   */
  restricted: z.boolean(),
});

/** Source address and account of a lock. The account is null if the lock is for all accounts. */
export interface LockKey {
  readonly source: string;
  readonly account: string | null;
}
export type Lock = Readonly<z.infer<typeof lockSchema>>;

/** Returns the locks of the controller. The lock that ends first comes first. @throws NodeError */
export const listLocks = (controller: Session): Promise<Lock[]> =>
  ask(controller, [], z.array(lockSchema));

/**
 * Lifts the lock of a source and an account. If the account is null, lifts all locks of the source.
 *
 * @returns the locks that were lifted; empty if there were none.
 * @throws NodeError
 */
export const liftLock = (controller: Session, { source, account }: LockKey): Promise<LockKey[]> =>
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
      "its image is too old to support locks; give the controller a newer image (docs/changes.md)",
    );
  }
  try {
    return schema.parse(JSON.parse(output));
  } catch {
    throw new NodeError(controller.node, `${PROGRAM} did not print a list of locks`);
  }
}
