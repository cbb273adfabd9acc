import { OperatorError } from "../core/errors";
import type { CloudApi } from "../clouds/cloud";
import type { UpdateOutcome } from "./outcome";
import { type UpdatedStack, updateOutcome } from "./outcome";

/** A stack as `pulumi stack export` has it. */
interface Exported {
  readonly resources?: readonly { readonly type: string; readonly id?: string }[];
  readonly pending_operations?: readonly unknown[];
}

export interface RepairOptions extends UpdatedStack {
  /** Asked for at its first use. */
  readonly cloud: () => CloudApi;
  /** The stack's state. @throws OperatorError */
  readonly exported: (stack: UpdatedStack["stack"]) => Promise<Exported>;
  readonly say: (line: string) => void;
  /** URNs of what is refreshed; everything where there are none. */
  readonly target?: readonly string[];
  /** Calls it off. */
  readonly signal?: AbortSignal;
}

/** Whether an update was killed before it could tell what became of what it had begun. */
export const hasPendingOperations = ({ pending_operations = [] }: Exported): boolean =>
  pending_operations.length > 0;

/**
 * A process that was killed may have made what it had no time to tell of. All that carries the
 * exchange's mark and is in no state belongs to nobody, and is deleted.
 *
 * What is there is listed before the state is refreshed, and judged after it. The refresh fails
 * where another update is under way; what one makes later is not on the list: nothing that is
 * being made just now can be taken for forsaken.
 */
export async function repair(options: RepairOptions): Promise<UpdateOutcome> {
  const { stack, cloud, exported, say, target = [], signal } = options;
  if (signal?.aborted === true) return { kind: "interrupted" };
  try {
    const found = await cloud().taggedResources();
    const outcome = await updateOutcome(
      options,
      (onEvent) =>
        stack.refresh({
          ...{ clearPendingCreates: true, target: [...target], color: "never", onEvent },
          ...(signal === undefined ? {} : { signal }),
        }),
      signal,
    );
    if (outcome.kind !== "done") return outcome;
    const { resources = [] } = await exported(stack);
    const key = ({ type, id }: { type: string; id?: string }): string => `${type} ${String(id)}`;
    const known = new Set(resources.map(key));
    for (const thing of found.filter((resource) => !known.has(key(resource)))) {
      say(`deleting ${thing.kind} ${thing.id} of ${thing.node}, which an update has left`);
      await thing.remove();
    }
    return outcome;
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error;
    return { kind: "failed", why: error.message };
  }
}
