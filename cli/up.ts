import { parseArguments } from "./arguments";
import { count } from "../autoscaler/words";
import { claimLab, cloudIsConfigured, startLab } from "./cloud";
import { all, command, Fault } from "./command";
import { projectEnvironment } from "./environment";
import { mendCalledOff, mendKilledUpdate } from "./mend";
import { elapsed, main, relay, say } from "./progress";
import { ensurePhones, proveCall, qualityFault } from "./prove";
import { printReport } from "./report";
import { exchangeOutputs, exportedStack, generateSecrets, openStack, askPulumi } from "./stack";
import { buildFaultsOf, unbuiltServers } from "./unbuilt-servers";
import { runUpdate } from "./update";

const HELP = `Deploys the exchange and proves it with a phone call.

Installs the tools that are missing. Deploys to the cloud that OS_CLOUD or OS_AUTH_URL names; where
neither is set, to the lab cloud, which it starts and gives the golden images. May be run again at
any time: what is done already is not done again.

Options:
  --stack NAME   the stack to deploy (PULUMI_STACK, or dev)
  -h, --help     this text

Exit code 0 when the call went through, 1 otherwise.`;

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
  const { resources = [] } = await mendKilledUpdate(stack, found);
  say("pulumi", `deploying stack ${stackName}`);
  // By the state as it was found: the refresh that mends it forgets which could not be built.
  const replace = unbuiltServers(found)
    .map(({ urn }) => urn)
    .filter((urn) => resources.some((resource) => resource.urn === urn));
  if (replace.length > 0) {
    say("pulumi", `replacing ${count(replace.length, "server")} that the cloud could not build`);
  }
  await runUpdate((options) => stack.up({ ...options, replace }), {
    failed: "the deployment failed, see above; mend it and run the same command again",
    calledOff: () => mendCalledOff(stack),
  }).catch(async (error: unknown) => {
    // Of servers, Pulumi says only that something is wrong.
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
    // By their address, all phones of this machine belong to one zone.
    { oneZoneIsEnough: config["pbx:balance"]?.value === "source" },
  );
  printReport(stackName, outputs, proof, { deployed, total: elapsed() });
  const fault = qualityFault(proof);
  if (fault !== undefined) {
    throw new Fault(fault);
  }
});
