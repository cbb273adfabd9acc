import * as pulumi from "@pulumi/pulumi";
import { lastOutputs } from "./components/last-state";
import { PbxProvider } from "./components/resources/pbx-provider";
import { loadSettings } from "./config/load";
import { ConfigError, type Settings } from "./config/schema";
import { wantedZones } from "./config/wanted-zones";
import { capacityFault } from "./plan/capacity";
import { sshFault } from "./plan/firewall-rules";
import { masterSecretFault } from "./plan/master-secret";
import { zoneCount } from "./plan/zone-count";

// Pulumi records a stack trace for each property of each resource, to report leaked promises, and maps every frame
// to a line of TypeScript. The default of ten frames would slow the program down.
if (process.env.PULUMI_DEBUG_PROMISE_LEAKS === undefined) {
  Error.stackTraceLimit = 2;
}

// If Pulumi is killed, writes to its pipes fail. The Node.js runtime of Pulumi would report each error to the same
// pipes, in an endless loop that uses a whole processor and all memory.
for (const stream of [process.stdout, process.stderr]) {
  stream.once("error", () => process.exit(1));
}

/** Calls `read`. Turns a ConfigError into a RunError, so that no stack trace is printed. */
function withRunError<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw error instanceof ConfigError ? new pulumi.RunError(error.message) : error;
  }
}

/**
 * Returns the number of zones. With `pbx:autoscale`, this is the number that the autoscaler requests. In an operator's
 * update, it is the number after the last successful update, or `pbx:zones` before the first one. The range of
 * `pbx:autoscale` limits both.
 *
 * @param last outputs of the stack's last successful update.
 */
function zonesOf({ zones, autoscale }: Settings, last: Readonly<Record<string, unknown>>): number {
  if (autoscale === undefined) {
    withRunError(() => wantedZones(undefined, undefined));
    return zones;
  }
  const inService = (last.zones as readonly unknown[] | undefined)?.length;
  const wanted = withRunError(() => wantedZones(autoscale, inService));
  const count = zoneCount({ first: zones, range: autoscale, inService, wanted });
  if (pulumi.runtime.isDryRun()) void pulumi.log.info(count.inWords);
  return count.zones;
}

/**
 * Reads and checks the configuration, and creates the exchange. Asynchronous, because the number of zones, and so of
 * resources, may come from the stack's state.
 */
export = async (): Promise<pulumi.Inputs> => {
  const settings = withRunError(loadSettings);

  const fault = sshFault(settings.operatorCidrs);
  if (fault !== undefined) {
    if (!pulumi.runtime.isDryRun()) {
      throw new pulumi.RunError(fault);
    }
    void pulumi.log.warn(fault);
  }
  const shortage = pulumi.runtime.isDryRun() ? capacityFault(settings) : undefined;
  if (shortage !== undefined) void pulumi.log.warn(shortage);

  const last = await lastOutputs();
  const secretFault = masterSecretFault(
    settings.masterSecret,
    last.sshHostKeys as Readonly<Record<string, string>> | undefined,
  );
  if (secretFault !== undefined) {
    throw new pulumi.RunError(secretFault);
  }
  const zones = zonesOf(settings, last);

  // Pulumi starts the provider's process when the provider is registered. Waiting for the debug message below makes
  // Node.js send the registration now, before it loads the other modules.
  const provider = new PbxProvider("nodes");
  await pulumi.log.debug("requested the provider of this project's own resources");
  const { newExchange } = await import("./exchange");
  return newExchange({ ...settings, zones }, provider, last);
};
