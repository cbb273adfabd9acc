import { ConcurrentUpdateError, type EngineEvent, type Stack } from "@pulumi/pulumi/automation";

/** Result of an update, a preview or a repair of a stack. */
export type UpdateOutcome =
  | { readonly kind: "done" }
  /** Another update is running; nothing was changed. */
  | { readonly kind: "locked" }
  /** The update was postponed, for the reason in `why`; nothing was changed. */
  | { readonly kind: "held"; readonly why: string }
  /** The guard refused the update, for the reasons in `why`; nothing was changed. */
  | { readonly kind: "refused"; readonly why: string }
  /** The abort signal cancelled the update. */
  | { readonly kind: "interrupted" }
  | { readonly kind: "failed"; readonly why: string };

/** A stack to update, and a function that is called before the update. */
export interface UpdatedStack {
  readonly stack: Stack;
  /** Removes the lock of a killed update. */
  readonly releaseDeadLock: (stack: Stack) => Promise<void>;
}

/**
 * Runs an operation on a stack and returns its outcome. Any error becomes an outcome.
 *
 * @param run runs the operation and passes the events of the operation to `onEvent`.
 * @param signal the signal that cancels the operation.
 */
export async function updateOutcome(
  { stack, releaseDeadLock }: UpdatedStack,
  run: (onEvent: (event: EngineEvent) => void) => Promise<unknown>,
  signal?: AbortSignal,
): Promise<UpdateOutcome> {
  const errors: string[] = [];
  try {
    await releaseDeadLock(stack);
    await run((event) => {
      errors.push(...errorsOf(event));
    });
    return { kind: "done" };
  } catch (error) {
    if (error instanceof ConcurrentUpdateError) return { kind: "locked" };
    if (signal?.aborted === true) return { kind: "interrupted" };
    return { kind: "failed", why: errors[0] ?? errorText(error) };
  }
}

/** Returns the lines of an event's error message, without colours and without summaries such as `update failed`. */
function errorsOf({ diagnosticEvent }: EngineEvent): string[] {
  if (diagnosticEvent?.severity !== "error") return [];
  const text = diagnosticEvent.message.replace(/<\{%.*?%\}>/g, "");
  return text
    .split("\n")
    .map((line) => line.trim().replace(/^\* /, ""))
    .filter(
      (line) => line !== "" && line !== "update failed" && !/^\d+ errors? occurred:$/.test(line),
    );
}

const errorText = (error: unknown): string =>
  (/error: (.*)/.exec((error as Error).message)?.[1] ?? (error as Error).message).trim();
