import { parseArguments } from "./arguments";
import { claimLab, cloudIsConfigured, startLab } from "./cloud";
import { command, Fault } from "./command";
import { projectEnvironment } from "./environment";
import { elapsed, main, relay, relayUpdate, say } from "./progress";
import { proveCall, qualityFault } from "./prove";
import { exchangeOutputs, exportedStack, generateSecrets, openStack } from "./stack";
import { printReport } from "./report";
import { buildFaultsOf, unbuiltServers } from "./unbuilt-servers";

const HELP = `Deploys the exchange and proves it with a phone call.

Installs the tools that are missing. Deploys to the cloud that OS_CLOUD or OS_AUTH_URL names; where
neither is set, to the lab cloud, which it starts and gives the golden images. May be run again at
any time: what is done already is not done again.

Options:
  --stack NAME   the stack to deploy (dev)
  -h, --help     this text

Exit code 0 when the call went through, 1 otherwise.`;

main(async () => {
  const { stack: stackName } = parseArguments(HELP);
  const ownCloud = cloudIsConfigured();
  if (!ownCloud) claimLab();
  await Promise.all([
    command("tools/install.sh", [], { onLine: relay("tools") }),
    ...(ownCloud ? [] : [startLab()]),
  ]);

  const stack = await openStack(stackName, await projectEnvironment());
  await generateSecrets(stack);
  say("pulumi", `deploying stack ${stackName}`);
  const replace = unbuiltServers(await exportedStack(stack)).map(({ urn }) => urn);
  if (replace.length > 0) {
    say(
      "pulumi",
      `${String(replace.length)} server(s) that the cloud could not build are replaced`,
    );
  }
  await stack.up({ onEvent: relayUpdate, replace }).catch(async () => {
    // Pulumi has said what is wrong, line by line, just above; of servers, only that something is.
    for (const fault of await buildFaultsOf(stack)) say("cloud", fault);
    throw new Fault("the deployment failed, see above; mend it and run the same command again");
  });
  const deployed = elapsed();

  const outputs = exchangeOutputs(await stack.outputs());
  const balance = await stack.getAllConfig().then((config) => config["pbx:balance"]?.value);
  const proof = await proveCall(
    outputs,
    (line) => {
      say("phones", line);
    },
    // By their address, all phones of this machine belong to one zone.
    { oneZoneIsEnough: balance === "source" },
  );
  printReport(stackName, outputs, proof, { deployed, total: elapsed() });
  const fault = qualityFault(proof);
  if (fault !== undefined) {
    throw new Fault(fault);
  }
});
