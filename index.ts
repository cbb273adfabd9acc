import * as pulumi from "@pulumi/pulumi";
import { lastOutputs } from "./components/last-outputs";
import { PbxProvider } from "./components/pbx-provider";
import { loadSettings } from "./config/load";
import { ConfigError, type Settings } from "./config/schema";
import { wantedZones } from "./config/wanted-zones";
import { capacityFault } from "./plan/capacity";
import { sshFault } from "./plan/firewall";
import { masterSecretFault } from "./plan/master-secret";
import { zoneCount } from "./plan/zone-count";

// Pulumi takes a stack trace for each property of each resource, in case its promise leaks, and maps
// every frame to TypeScript: with the usual ten frames that is a tenth of the program's time.
if (process.env.PULUMI_DEBUG_PROMISE_LEAKS === undefined) {
  Error.stackTraceLimit = 2;
}

// Where Pulumi was killed, nobody reads what this program says. Pulumi's host of programs would say so,
// and fail at that, and say so, for ever: a processor and all memory would go into it.
for (const stream of [process.stdout, process.stderr]) {
  stream.once("error", () => process.exit(1));
}

/** What `read` reads, or an end without a stack trace: its faults are the operator's to read. */
function readOrEnd<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw error instanceof ConfigError ? new pulumi.RunError(error.message) : error;
  }
}

/** How many zones there shall be: a number that the stack remembers, where it scales by itself. */
function zonesOf({ zones, autoscale }: Settings, last: Readonly<Record<string, unknown>>): number {
  if (autoscale === undefined) {
    readOrEnd(() => wantedZones(undefined, undefined));
    return zones;
  }
  const inService = (last.zones as readonly unknown[] | undefined)?.length;
  const wanted = readOrEnd(() => wantedZones(autoscale, inService));
  const count = zoneCount({ first: zones, range: autoscale, inService, wanted });
  if (pulumi.runtime.isDryRun()) void pulumi.log.info(count.inWords);
  return count.zones;
}

/**
 * What the operator asks for, checked, and then the exchange that it makes. Asynchronous, since the
 * number of zones, and so of resources, may be what the stack remembers.
 */
export = async (): Promise<pulumi.Inputs> => {
  const settings = readOrEnd(loadSettings);

  const fault = sshFault(settings.operatorCidrs);
  if (fault !== undefined) {
    if (!pulumi.runtime.isDryRun()) {
      throw new pulumi.RunError(fault);
    }
    void pulumi.log.warn(fault);
  }
  const crowd = pulumi.runtime.isDryRun() ? capacityFault(settings) : undefined;
  if (crowd !== undefined) void pulumi.log.warn(crowd);

  const last = await lastOutputs();
  const secretFault = masterSecretFault(
    settings.masterSecret,
    last.sshHostKeys as Readonly<Record<string, string>> | undefined,
  );
  if (secretFault !== undefined) {
    throw new pulumi.RunError(secretFault);
  }
  const zones = zonesOf(settings, last);

  // Pulumi starts the provider's process when it hears of it, and that is while this one loads the rest.
  const provider = new PbxProvider("nodes");
  await pulumi.log.debug("the provider of this project's own resources is asked for");
  const { newExchange } = await import("./exchange");
  return newExchange({ ...settings, zones }, provider, last);
};
