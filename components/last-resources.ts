import { lastState } from "./last-state";

/** Resource in the stack's state before this update. */
export interface LastResource {
  readonly type: string;
  readonly name: string;
  readonly outputs: Readonly<Record<string, unknown>>;
}

/** Returns the resources in this stack's state, even if the last update failed. */
export async function lastResources(): Promise<LastResource[]> {
  const { outputs } = await lastState<{
    outputs: Readonly<Record<string, Omit<LastResource, "name">>>;
  }>("pulumi:pulumi:readStackResourceOutputs", "stackName");
  return Object.entries(outputs).map(([urn, { type, outputs: values }]) => ({
    type,
    name: urn.split("::").slice(3).join("::"),
    outputs: values,
  }));
}
