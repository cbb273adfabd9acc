import type { Stack } from "@pulumi/pulumi/automation";
import { faultsOf, judge } from "../guard/verdict";
import { readPlan } from "../guard/plan";
import { preview } from "../stack/preview";

/**
 * Returns the faults that the guard finds in the update that `stack` would make now, one line each. An update deploys
 * every edit of this clone's configuration and program. An edit that was meant for a quiet hour must not be deployed
 * together with a new zone at noon.
 *
 * @throws OperatorError if the preview gives no plan.
 */
export async function refusals(
  { name, workspace }: Stack,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const json = await preview(name, { ...process.env, ...workspace.envVars }, signal);
  return faultsOf(judge(readPlan(json), { controller: false }));
}
