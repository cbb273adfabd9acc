import { lastState } from "./last-state";

/** A resource as the stack has it before this update. */
export interface LastResource {
  readonly type: string;
  readonly name: string;
  readonly outputs: Readonly<Record<string, unknown>>;
}

/** What this stack's state has, whether or not its last update came to an end. */
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
