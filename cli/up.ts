import { all, command } from "../core/command";
import { OperatorError } from "../core/errors";
import { count } from "../core/format";
import { main } from "../core/main";
import { elapsed, relay, say } from "../core/progress";
import { cloudIsConfigured } from "../stack/cloud-environment";
import { projectEnvironment } from "../stack/environment";
import { openStack } from "../stack/open-stack";
import { exchangeOutputs } from "../stack/outputs";
import { repairCancelledUpdate, repairKilledUpdate } from "../stack/recovery";
import { generateSecrets } from "../stack/secrets";
import { exportedStack, askPulumi } from "../stack/state";
import { buildFaultsOf, unbuiltServers } from "../stack/unbuilt-servers";
import { parseArguments } from "./arguments";
import { printReport } from "./deployment-report";
import { claimLab, startLab } from "./lab";
import { ensurePhones, proveCall, qualityFault } from "./prove";
import { runUpdate } from "./run-update";

const HELP = `Deploys the exchange and tests it with a phone call.

Installs missing tools. Deploys to the cloud that OS_CLOUD or OS_AUTH_URL names. If neither is set,
starts the lab cloud, uploads the golden images to it, and deploys there. You can run this command again
at any time: of the completed steps, the command repeats only the call.

Options:
  --stack NAME   the stack to deploy (default: PULUMI_STACK, or dev)
  -h, --help     print this text

Exit code 0 if the call had good quality, 1 otherwise.`;

main(async () => {
  const { stack: stackName } = parseArguments(HELP);
  const ownCloud = cloudIsConfigured();
  if (!ownCloud) claimLab();
  await all([
    command("tools/install.sh", [], { onLine: relay("tools") }),
    ensurePhones(),
    ...(ownCloud ? [] : [startLab()]),
  ]);

  const stack = await openStack(stackName, await projectEnvironment());
  await generateSecrets(stack);
  const found = await exportedStack(stack);
  const { resources = [] } = await repairKilledUpdate(stack, found);
  say("pulumi", `deploying stack ${stackName}`);
  // Searches the state from before the repair: the refresh in the repair removes the marks (`initErrors`) of servers
  // that the cloud could not build. Skips servers that no longer exist after the repair.
  const replace = unbuiltServers(found)
    .map(({ urn }) => urn)
    .filter((urn) => resources.some((resource) => resource.urn === urn));
  if (replace.length > 0) {
    say("pulumi", `replacing ${count(replace.length, "server")} that the cloud could not build`);
  }
  await runUpdate((options) => stack.up({ ...options, replace }), {
    failed: "the deployment failed, see above; fix the cause and run the same command again",
    onCancel: () => repairCancelledUpdate(stack),
  }).catch(async (error: unknown) => {
    // Pulumi does not show why a server could not be built.
    for (const fault of await buildFaultsOf(stack)) say("cloud", fault);
    throw error;
  });
  const deployed = elapsed();

  const outputs = exchangeOutputs(await askPulumi(() => stack.outputs()));
  const config = await askPulumi(() => stack.getAllConfig());
  const proof = await proveCall(
    outputs,
    (line) => {
      say("phones", line);
    },
    // If HAProxy balances by source address, all phones of this machine are in one zone.
    { oneZoneIsEnough: config["pbx:balance"]?.value === "source" },
  );
  printReport(stackName, outputs, proof, { deployed, total: elapsed() });
  const fault = qualityFault(proof);
  if (fault !== undefined) {
    throw new OperatorError(fault);
  }
});
