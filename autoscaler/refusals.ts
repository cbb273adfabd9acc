import type { Stack } from "@pulumi/pulumi/automation";
import { readPlan } from "../guard/plan";
import { faultsOf, judge } from "../guard/verdict";
import { preview } from "../stack/preview";

/**
 * Returns the faults that the guard finds in an update of `stack`, one line each. An update also deploys all pending
 * edits of this clone's configuration and code. The operator may have planned an edit for a time with few calls, so the
 * autoscaler must not deploy such an edit together with a new zone.
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
