import type { Stack } from "@pulumi/pulumi/automation";
import { OperatorError } from "../core/errors";
import { say } from "../core/progress";
import { releaseDeadLock } from "./lock";
import { hasPendingOperations, repair } from "./repair";
import { cloudOf } from "./select-cloud";
import { stackSettings } from "./settings";
import { type StackState, exportedStack } from "./state";

/**
 * Deletes orphaned resources: those that an update created in the cloud but did not record in the stack's
 * state. They would conflict with resources of the next update.
 *
 * @param target URNs of the resources to refresh first; empty to refresh all.
 * @throws OperatorError if the repair fails, or if another update is running.
 */
async function deleteOrphaned(stack: Stack, target: readonly string[]): Promise<void> {
  const settings = await stackSettings(stack);
  const outcome = await repair({
    stack,
    releaseDeadLock,
    target,
    exported: exportedStack,
    cloud: () => cloudOf(settings, stack.name),
    say: (line) => {
      say("pulumi", line);
    },
  });
  if (outcome.kind === "done") return;
  throw new OperatorError(
    outcome.kind === "failed"
      ? `cannot remove the resources that the last update left behind: ${outcome.why}`
      : `another update of stack ${stack.name} is running; wait until it ends`,
  );
}

/**
 * Repairs the stack if its last update was killed.
 *
 * @param state current state of the stack.
 * @returns the state after the repair; `state` if no repair is needed.
 * @throws OperatorError if the repair fails, or if another update is running.
 */
export async function repairKilledUpdate(stack: Stack, state: StackState): Promise<StackState> {
  if (!hasPendingOperations(state)) return state;
  say("pulumi", "the last update was killed: looking for resources that it left behind");
  await deleteOrphaned(stack, []);
  return exportedStack(stack);
}

/**
 * Repairs the stack after a cancelled update. Such an update stops waiting for resources that the cloud may
 * still create. Only the stack resource itself is refreshed. A refresh of the other resources is not needed, and would
 * remove the record of servers that could not be built.
 *
 * @throws OperatorError if the repair fails, or if another update is running.
 */
export async function repairCancelledUpdate(stack: Stack): Promise<void> {
  const { resources = [] } = await exportedStack(stack);
  const root = resources.find(({ type }) => type === "pulumi:pulumi:Stack");
  if (root === undefined) return;
  say("pulumi", "looking for resources that the update left behind");
  await deleteOrphaned(stack, [root.urn]);
}
