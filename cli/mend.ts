import type { Stack } from "@pulumi/pulumi/automation";
import { isBroken, mend } from "../autoscaler/mend";
import { Fault } from "./command";
import { say } from "./progress";
import { exportedStack, releaseDeadLock } from "./stack";
import { cloudOf } from "./stack-cloud";
import { stackSettings } from "./stack-settings";

/**
 * Puts right what an update that was killed has left in the cloud and not in the stack's state: who
 * makes the same again would find its place taken.
 *
 * @throws Fault
 */
export async function mendKilledUpdate(stack: Stack): Promise<void> {
  if (!isBroken(await exportedStack(stack))) return;
  say("pulumi", "an update was killed: looking for what it had begun");
  const settings = await stackSettings(stack);
  const outcome = await mend({
    stack,
    releaseDeadLock,
    cloud: () => cloudOf(settings, stack.name),
    exported: exportedStack,
    say: (line) => {
      say("pulumi", line);
    },
  });
  if (outcome.kind === "done") return;
  throw new Fault(
    outcome.kind === "failed"
      ? `what a killed update has left cannot be found out: ${outcome.why}`
      : `another update of stack ${stack.name} is under way; wait for its end`,
  );
}
