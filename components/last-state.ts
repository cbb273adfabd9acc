import * as pulumi from "@pulumi/pulumi";
import { retry } from "../core/retry";

/**
 * A file backend without `metadata=skip` (as `pulumi login --local` sets it up) writes a file beside the
 * state in place, and this very update may be writing it just now.
 */
const HALF_WRITTEN = "failed to load checkpoint";
const ATTEMPTS = 20;
const PAUSE = 100;

/** What Pulumi's own function `token` tells of this stack, as its last update left it. */
export async function lastState<Answer>(token: string, argument: string): Promise<Answer> {
  const stack = [pulumi.getOrganization(), pulumi.getProject(), pulumi.getStack()].join("/");
  return retry(async () => (await pulumi.runtime.invoke(token, { [argument]: stack })) as Answer, {
    ...{ attempts: ATTEMPTS, pause: PAUSE },
    isTransient: (error) => String(error).includes(HALF_WRITTEN),
  });
}
