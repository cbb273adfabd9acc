import * as pulumi from "@pulumi/pulumi";
import { chooseCloud } from "./components/cloud/choose";
import { ExtendedZone } from "./components/extended-zone";
import { HaproxyController } from "./components/haproxy-controller";
import { lastOutputs } from "./components/last-outputs";
import { PbxNode } from "./components/pbx-node";
import { PbxProvider } from "./components/pbx-provider";
import { Rollout } from "./components/rollout";
import { TrunkNetwork } from "./components/trunk-network";
import { loadSettings } from "./config/load";
import { ConfigError, type Settings } from "./config/schema";
import { wantedZones } from "./config/wanted-zones";
import { planExchange } from "./plan/exchange";
import { firewallRules, sshFault } from "./plan/firewall";
import type { Servers, ServerSpec } from "./plan/rollout";
import { zoneCount } from "./plan/zone-count";

/** What `read` reads, or an end without a stack trace: its faults are the operator's to read. */
function readOrEnd<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw error instanceof ConfigError ? new pulumi.RunError(error.message) : error;
  }
}

// Pulumi takes a stack trace for each property of each resource, in case its promise leaks, and maps
// every frame to TypeScript: with the usual ten frames that is a tenth of the program's time.
if (process.env.PULUMI_DEBUG_PROMISE_LEAKS === undefined) {
  Error.stackTraceLimit = 2;
}

/** How many zones there shall be: a number that the stack remembers, where it scales by itself. */
async function zonesOf(
  { zones, autoscale }: Settings,
  last: ReturnType<typeof lastOutputs>,
): Promise<number> {
  if (autoscale === undefined) {
    readOrEnd(() => wantedZones(undefined, undefined));
    return zones;
  }
  const inService = ((await last).zones as readonly unknown[] | undefined)?.length;
  const wanted = readOrEnd(() => wantedZones(autoscale, inService));
  const count = zoneCount({ first: zones, range: autoscale, inService, wanted });
  if (pulumi.runtime.isDryRun()) void pulumi.log.info(count.inWords);
  return count.zones;
}

/** Asynchronous, since the number of zones, and so of resources, may be what the stack remembers. */
export = async (): Promise<pulumi.Inputs> => {
  const settings = readOrEnd(loadSettings);

  const fault = sshFault(settings.operatorCidrs);
  if (fault !== undefined) {
    if (!pulumi.runtime.isDryRun()) {
      throw new pulumi.RunError(fault);
    }
    void pulumi.log.warn(fault);
  }

  const last = lastOutputs();
  const exchange = planExchange({ ...settings, zones: await zonesOf(settings, last) });
  const provider = new PbxProvider("nodes");
  const cloud = chooseCloud(settings, exchange, provider);
  const boot = cloud.bootable(exchange);
  const network = new TrunkNetwork("trunk", { cloud, addresses: exchange.addresses });
  const firewall = cloud.firewall("exchange", firewallRules(settings.operatorCidrs));

  const controllerServer = {
    image: cloud.image(settings.controllerImage, network.id),
    flavor: settings.controllerFlavor ?? settings.flavor,
  };
  const zoneServer = {
    image: cloud.image(settings.image, network.id, settings.sipDriver),
    flavor: settings.flavor,
  };
  const wanted: pulumi.Output<Servers> = pulumi
    .all([controllerServer, zoneServer])
    .apply(([ofController, ofZone]) =>
      Object.fromEntries<ServerSpec>([
        [exchange.controller.name, ofController],
        ...exchange.zones.map(
          ({ name }) => [name, { ...ofZone, sipDriver: exchange.sipDriver }] as const,
        ),
      ]),
    );
  const lastServers = last.then(({ servers }) => (servers ?? {}) as Servers);

  const shared = {
    cloud,
    exchange,
    boot,
    network,
    firewall,
    rollout: new Rollout(exchange.controller.name, lastServers, wanted),
    drain: { timeout: settings.drainTimeout, force: settings.drainForce },
  };
  const { balance, connectTimeout, idleTimeout } = settings;
  const opts = { providers: [provider] };
  const controller = new HaproxyController(
    { ...shared, ...controllerServer, haproxy: { balance, connectTimeout, idleTimeout } },
    opts,
  );
  const zoneNodes = exchange.zones.map((plan, index) => {
    const Zone = index === 0 ? PbxNode : ExtendedZone;
    return new Zone({ ...shared, ...zoneServer, plan, controller }, opts);
  });

  return {
    /** Where phones register: SIP over TCP, port 5060. */
    controllerAddress: controller.address,

    /** `{ name, address, fixedIp }` of every zone: zone1, zone2, … */
    zones: zoneNodes.map(({ name, address, fixedIp }) => ({ name, address, fixedIp })),

    /** `{ extension, secret, server, transport }` of every user. */
    sipAccounts: pulumi.secret(
      controller.address.apply((address) =>
        exchange.users.map(({ extension, secret }) => ({
          extension,
          secret,
          server: address,
          transport: "tcp",
        })),
      ),
    ),

    /** Lines for `known_hosts`: the public host key of every node, known before the node exists. */
    sshHostKeys: Object.fromEntries(
      [exchange.controller, ...exchange.zones].map((node) => [
        node.name,
        node.sshHostKey.publicKey,
      ]),
    ),

    /** What every server was made of, for the next update to know which ones it replaces. */
    servers: pulumi
      .all([wanted, pulumi.all(zoneNodes.map(({ membership }) => membership.id))])
      .apply(([specs]) => specs),
  };
};
