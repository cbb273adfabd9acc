import type { Stack } from "@pulumi/pulumi/automation";
import { readPlan } from "../guard/plan";
import { faultsOf, judge } from "../guard/verdict";
import { preview } from "../stack/preview";

/**
 * Returns the faults that the guard finds in an update of `stack`, one line each. An update also deploys all pending
 * edits of this clone's configuration and code. If such an edit would lose calls, the operator decides when to deploy
 * it, and the autoscaler must not.
 *
 * @throws OperatorError if the preview fails.
 */
export async function refusals(
  { name, workspace }: Stack,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const json = await preview(name, { ...process.env, ...workspace.envVars }, signal);
  return faultsOf(judge(readPlan(json), { controller: false }));
}
