import { command } from "../core/command";
import { OperatorError } from "../core/errors";
import { main } from "../core/main";
import { relay, say } from "../core/progress";
import { cloudIsConfigured, labExists } from "../stack/cloud-environment";
import { projectEnvironment } from "../stack/environment";
import { releaseDeadLock } from "../stack/lock";
import { findStack } from "../stack/open-stack";
import { repairCancelledUpdate, repairKilledUpdate } from "../stack/recovery";
import { exportedStack, otherDeployedStacks } from "../stack/state";
import { parseArguments } from "./arguments";
import { claimLab, labIsClaimed, stopLab } from "./lab";
import { runUpdate } from "./run-update";

const HELP = `Destroys the exchange. Then stops the lab cloud, if \`make up\` or \`make down\` started the lab and no
other stack is deployed in the lab.

Keeps the stack's configuration and secrets, which the next \`make up\` uses.

Options:
  --stack NAME   the stack to destroy (default: PULUMI_STACK, or dev)
  -h, --help     print this text`;

main(async () => {
  const { stack: stackName } = parseArguments(HELP);
  const inLab = !cloudIsConfigured();
  if (inLab && !labExists()) {
    throw new OperatorError(
      "no lab cloud on this machine, and no other cloud is configured; nothing to destroy",
    );
  }
  const stack = await findStack(stackName, await projectEnvironment());
  if (inLab) {
    // Resources can be deleted only while the lab runs. If the lab is started here, it is stopped below, unless another
    // stack is deployed in it.
    claimLab();
    await command("lab/lab.sh", ["up"], { onLine: relay("lab") });
  }
  await releaseDeadLock(stack);
  await repairKilledUpdate(stack, await exportedStack(stack));
  await runUpdate((options) => stack.destroy(options), {
    failed: "some resources could not be destroyed, see above; run the same command again",
    onCancel: () => repairCancelledUpdate(stack),
  });
  if (!inLab) return;
  const others = await otherDeployedStacks(stack);
  if (others.length > 0) {
    say("lab", `still running, for stack ${others.join(", ")}; stop it with: make lab-down`);
  } else if (labIsClaimed()) {
    await stopLab();
  } else {
    say("lab", "still running, because it was running before; stop it with: make lab-down");
  }
});
