import { setTimeout as sleep } from "node:timers/promises";
import * as pulumi from "@pulumi/pulumi";

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
  for (let attempt = 1; ; attempt++) {
    try {
      return (await pulumi.runtime.invoke(token, { [argument]: stack })) as Answer;
    } catch (error) {
      if (attempt === ATTEMPTS || !String(error).includes(HALF_WRITTEN)) throw error;
      await sleep(PAUSE);
    }
  }
}
