import { claimLab, labIsClaimed, stopLab } from "./lab";
import { main } from "../core/main";
import { OperatorError } from "../core/errors";
import { parseArguments } from "./arguments";
import { cloudIsConfigured, labExists } from "../stack/cloud-environment";
import { command } from "../core/command";
import { projectEnvironment } from "../stack/environment";
import { repairCancelledUpdate, repairKilledUpdate } from "../stack/recovery";
import { relay, say } from "../core/progress";
import { exportedStack, findStack, otherDeployedStacks, releaseDeadLock } from "../stack/stack";
import { runUpdate } from "./run-update";

const HELP = `Destroys what \`make up\` deployed, and stops the lab cloud if \`make up\` or this started it.

The stack's configuration and secrets stay, so that \`make up\` brings the same exchange back.

Options:
  --stack NAME   the stack to destroy (PULUMI_STACK, or dev)
  -h, --help     this text`;

main(async () => {
  const { stack: stackName } = parseArguments(HELP);
  const inLab = !cloudIsConfigured();
  if (inLab && !labExists()) {
    throw new OperatorError(
      "there is no lab cloud on this machine and no other is named; nothing to destroy",
    );
  }
  const stack = await findStack(stackName, await projectEnvironment());
  if (inLab) {
    // A cloud that is down cannot be asked to delete anything; it is down again when that is done.
    claimLab();
    await command("lab/lab.sh", ["up"], { onLine: relay("lab") });
  }
  await releaseDeadLock(stack);
  await repairKilledUpdate(stack, await exportedStack(stack));
  await runUpdate((options) => stack.destroy(options), {
    failed: "not everything could be destroyed, see above; run the same command again",
    calledOff: () => repairCancelledUpdate(stack),
  });
  if (!inLab) return;
  const others = await otherDeployedStacks(stack);
  if (others.length > 0) {
    say("lab", `still up, for stack ${others.join(", ")}; stop it with: make lab-down`);
  } else if (labIsClaimed()) {
    await stopLab();
  } else {
    say("lab", "still up, as it was before; stop it with: make lab-down");
  }
});
