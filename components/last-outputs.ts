import * as pulumi from "@pulumi/pulumi";
import { lastState } from "./last-state";

/**
 * What this stack's last update put out as `name`; undefined before the first one.
 *
 * A StackReference asks the engine for the same, and keeps all outputs in the stack's state once
 * more, passwords and all.
 */
export function lastOutput(name: string): pulumi.Output<unknown> {
  return pulumi.output(
    lastState<{ outputs: Readonly<Record<string, unknown>> }>(
      "pulumi:pulumi:readStackOutputs",
      "name",
    ).then(({ outputs }) => outputs[name]),
  );
}
