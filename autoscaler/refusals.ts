import type { Stack } from "@pulumi/pulumi/automation";
import { faultsOf, judge } from "../guard/verdict";
import { readPlan } from "../guard/plan";
import { preview } from "../stack/preview";

/**
 * What the guard has against the update that `stack` would make now, a line each. An update brings every
 * edit of this clone about, of its configuration and of its program: what was meant for a quiet hour
 * is not to come with a zone at noon.
 *
 * @throws OperatorError where there is no plan.
 */
export async function refusals(
  { name, workspace }: Stack,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const json = await preview(name, { ...process.env, ...workspace.envVars }, signal);
  return faultsOf(judge(readPlan(json), { controller: false }));
}
