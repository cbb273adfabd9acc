import { setTimeout as sleep } from "node:timers/promises";
import * as pulumi from "@pulumi/pulumi";

/**
 * Error of Pulumi if it reads a file that it is writing. A file backend without `metadata=skip`, such as that of
 * `pulumi login --local`, overwrites a file beside the state in place, and this update may be doing that.
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
