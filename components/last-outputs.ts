import { lastState } from "./last-state";

/**
 * What this stack's last update put out; nothing before the first one. An update that failed, or was
 * killed, has put out nothing: these are then still those of the one before.
 *
 * A StackReference asks the engine for the same, and keeps all outputs in the stack's state once
 * more, passwords and all.
 */
export async function lastOutputs(): Promise<Readonly<Record<string, unknown>>> {
  const { outputs } = await lastState<{ outputs: Readonly<Record<string, unknown>> }>(
    "pulumi:pulumi:readStackOutputs",
    "name",
  );
  return outputs;
}
