import { lastState } from "./last-state";

/**
 * Returns the outputs of this stack's last successful update; empty before the first one. An update that failed or was
 * killed has no outputs.
 *
 * A StackReference would return the same outputs, but would store a copy of all outputs, including passwords, in the
 * stack's state.
 */
export async function lastOutputs(): Promise<Readonly<Record<string, unknown>>> {
  const { outputs } = await lastState<{ outputs: Readonly<Record<string, unknown>> }>(
    "pulumi:pulumi:readStackOutputs",
    "name",
  );
  return outputs;
}
