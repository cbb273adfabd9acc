import type { CloudApi } from "../clouds/cloud-api";
import { OperatorError } from "../core/errors";
import { type UpdatedStack, updateOutcome, type UpdateOutcome } from "./outcome";

/** Parts of a stack's state, as `pulumi stack export` returns it. */
interface Exported {
  readonly resources?: readonly { readonly type: string; readonly id?: string }[];
  readonly pending_operations?: readonly unknown[];
}

export interface RepairOptions extends UpdatedStack {
  /** Returns the API of the cloud. @throws OperatorError */
  readonly cloud: () => CloudApi;
  /** Returns the stack's state. @throws OperatorError */
  readonly exported: (stack: UpdatedStack["stack"]) => Promise<Exported>;
  readonly say: (line: string) => void;
  /** URNs of the resources to refresh; empty to refresh all. */
  readonly target?: readonly string[];
  /** Cancels the repair. Has no effect during the deletion of orphaned resources. */
  readonly signal?: AbortSignal;
}

/** Returns whether an update was killed before it recorded the results of operations that it had started. */
export const hasPendingOperations = ({ pending_operations = [] }: Exported): boolean =>
  pending_operations.length > 0;

/**
 * Deletes orphaned resources: those that have the exchange's tag but are not in the stack's state. A killed
 * process may have created them without recording them.
 *
 * Lists the resources before the refresh of the state, and compares the list with the state after the refresh.
 * The refresh fails if another update is running, and the list does not contain what an update creates later.
 * Therefore a resource that another update is creating is never deleted.
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
          clearPendingCreates: true,
          target: [...target],
          color: "never",
          onEvent,
          ...(signal === undefined ? {} : { signal }),
        }),
      signal,
    );
    if (outcome.kind !== "done") return outcome;
    const { resources = [] } = await exported(stack);
    const key = ({ type, id }: { type: string; id?: string }): string => `${type} ${String(id)}`;
    const known = new Set(resources.map(key));
    for (const thing of found.filter((resource) => !known.has(key(resource)))) {
      say(`deleting ${thing.kind} ${thing.id} of ${thing.node}, which an update left behind`);
      await thing.remove();
    }
    return outcome;
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error;
    return { kind: "failed", why: error.message };
  }
}
