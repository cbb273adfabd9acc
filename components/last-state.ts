import * as pulumi from "@pulumi/pulumi";
import { retry } from "../core/retry";

/**
 * Part of Pulumi's error message if a file of the backend is incomplete. A file backend writes a metadata file in
 * place, unless its URL has `metadata=skip`. `pulumi login --local` does not set this option. So this update may be
 * writing the file just now.
 */
const HALF_WRITTEN = "failed to load checkpoint";
const ATTEMPTS = 20;
/** Milliseconds between two attempts. */
const PAUSE = 100;

/** Calls Pulumi's built-in function `token`, which reads this stack's state before this update. */
async function lastState<Answer>(token: string, argument: string): Promise<Answer> {
  const stack = [pulumi.getOrganization(), pulumi.getProject(), pulumi.getStack()].join("/");
  return retry(async () => (await pulumi.runtime.invoke(token, { [argument]: stack })) as Answer, {
    attempts: ATTEMPTS,
    pause: PAUSE,
    isTransient: (error) => String(error).includes(HALF_WRITTEN),
  });
}

/**
 * Returns the outputs of this stack's last successful update; empty before the first one. An update that failed or was
 * killed registers no outputs.
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
