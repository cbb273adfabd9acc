import { ConcurrentUpdateError, type EngineEvent, type Stack } from "@pulumi/pulumi/automation";

/** What became of an update that was to change the number of zones. */
export type UpdateOutcome =
  | { readonly kind: "done" }
  /** Another update is under way: nothing was begun. */
  | { readonly kind: "locked" }
  /** It is not the time for it: nothing was begun. */
  | { readonly kind: "held"; readonly why: string }
  /** Callers would lose by it: nothing was begun. */
  | { readonly kind: "refused"; readonly why: string }
  /** It was called off by its signal. */
  | { readonly kind: "interrupted" }
  | { readonly kind: "failed"; readonly why: string };

/** The stack whose updates these are. */
export interface UpdatedStack {
  readonly stack: Stack;
  /** Takes the lock of an update that was killed away. */
  readonly releaseDeadLock: (stack: Stack) => Promise<void>;
}

/** Runs an update of a stack and tells what became of it. */
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
    return { kind: "failed", why: errors[0] ?? lastWords(error) };
  }
}

/** What an event has against the update, a line each. */
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

const lastWords = (error: unknown): string =>
  (/error: (.*)/.exec((error as Error).message)?.[1] ?? (error as Error).message).trim();
