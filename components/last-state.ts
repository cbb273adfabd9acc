import * as pulumi from "@pulumi/pulumi";
import { retry } from "../core/retry";

/**
 * Error of Pulumi if a file of the backend is incomplete. A file backend without `metadata=skip` (the default of
 * `pulumi login --local`) writes a metadata file in place, and this update may be writing that file.
 */
const HALF_WRITTEN = "failed to load checkpoint";
const ATTEMPTS = 20;
const PAUSE = 100;

/** Calls Pulumi's built-in function `token`, which reads this stack's state before this update. */
export async function lastState<Answer>(token: string, argument: string): Promise<Answer> {
  const stack = [pulumi.getOrganization(), pulumi.getProject(), pulumi.getStack()].join("/");
  return retry(async () => (await pulumi.runtime.invoke(token, { [argument]: stack })) as Answer, {
    ...{ attempts: ATTEMPTS, pause: PAUSE },
    isTransient: (error) => String(error).includes(HALF_WRITTEN),
  });
}
