import type { Stack } from "@pulumi/pulumi/automation";
import { hasPendingOperations, repair } from "./repair";
import { OperatorError } from "../core/errors";
import { say } from "../core/progress";
import { type Deployed, exportedStack, releaseDeadLock } from "./stack";
import { cloudOf } from "./cloud";
import { stackSettings } from "./settings";

/**
 * Deletes what an update has left in the cloud and not in the stack's state: who makes the same again
 * would find its place taken.
 *
 * @param target URNs of what is refreshed before that; everything where there are none.
 * @throws OperatorError
 */
async function deleteForsaken(stack: Stack, target: readonly string[]): Promise<void> {
  const settings = await stackSettings(stack);
  const outcome = await repair({
    ...{ stack, releaseDeadLock, target, exported: exportedStack },
    cloud: () => cloudOf(settings, stack.name),
    say: (line) => {
      say("pulumi", line);
    },
  });
  if (outcome.kind === "done") return;
  throw new OperatorError(
    outcome.kind === "failed"
      ? `what the last update has left cannot be found out: ${outcome.why}`
      : `another update of stack ${stack.name} is under way; wait for its end`,
  );
}

/**
 * Puts right what an update that was killed has left, where there is one.
 *
 * @param state of the stack.
 * @returns its state then.
 * @throws OperatorError
 */
export async function repairKilledUpdate(stack: Stack, state: Deployed): Promise<Deployed> {
  if (!hasPendingOperations(state)) return state;
  say("pulumi", "the last update was killed: looking for what it has left");
  await deleteForsaken(stack, []);
  return exportedStack(stack);
}

/**
 * Puts right what an update that was called off has left: it has given up what it was just waiting for,
 * and the cloud may have made that all the same. The rest of the state is as it should be; a refresh
 * would lose which servers could not be built.
 *
 * @throws OperatorError
 */
export async function repairCancelledUpdate(stack: Stack): Promise<void> {
  const { resources = [] } = await exportedStack(stack);
  const root = resources.find(({ type }) => type === "pulumi:pulumi:Stack");
  if (root === undefined) return;
  say("pulumi", "looking for what it has left");
  await deleteForsaken(stack, [root.urn]);
}
