import * as pulumi from "@pulumi/pulumi";
import { chooseCloud } from "./components/cloud/choose";
import { ExtendedZone } from "./components/extended-zone";
import { HaproxyController } from "./components/haproxy-controller";
import { lastOutput } from "./components/last-outputs";
import { PbxNode } from "./components/pbx-node";
import { PbxProvider } from "./components/pbx-provider";
import { Rollout } from "./components/rollout";
import { TrunkNetwork } from "./components/trunk-network";
import { loadSettings } from "./config/load";
import { ConfigError, type Settings } from "./config/schema";
import { planExchange } from "./plan/exchange";
import { firewallRules, sshFault } from "./plan/firewall";
import type { Servers, ServerSpec } from "./plan/rollout";

/** The settings, or an end without a stack trace: their faults are the operator's to read. */
function settingsOrEnd(): Settings {
  try {
    return loadSettings();
  } catch (error) {
    throw error instanceof ConfigError ? new pulumi.RunError(error.message) : error;
  }
}

// Pulumi takes a stack trace for each property of each resource, in case its promise leaks, and maps
// every frame to TypeScript: with the usual ten frames that is a tenth of the program's time.
if (process.env.PULUMI_DEBUG_PROMISE_LEAKS === undefined) {
  Error.stackTraceLimit = 2;
}

const settings = settingsOrEnd();

const fault = sshFault(settings.operatorCidrs);
if (fault !== undefined) {
  if (!pulumi.runtime.isDryRun()) {
    throw new pulumi.RunError(fault);
  }
  void pulumi.log.warn(fault);
}

const exchange = planExchange(settings);
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
const last = lastOutput("servers").apply((servers) => (servers ?? {}) as Servers);

const shared = {
  cloud,
  exchange,
  boot,
  network,
  firewall,
  rollout: new Rollout(exchange.controller.name, last, wanted),
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

/** Where phones register: SIP over TCP, port 5060. */
export const controllerAddress = controller.address;

/** `{ name, address, fixedIp }` of every zone: zone1, zone2, … */
export const zones = zoneNodes.map(({ name, address, fixedIp }) => ({ name, address, fixedIp }));

/** `{ extension, secret, server, transport }` of every user. */
export const sipAccounts = pulumi.secret(
  controller.address.apply((address) =>
    exchange.users.map(({ extension, secret }) => ({
      extension,
      secret,
      server: address,
      transport: "tcp",
    })),
  ),
);

/** Lines for `known_hosts`: the public host key of every node, known before the node exists. */
export const sshHostKeys = Object.fromEntries(
  [exchange.controller, ...exchange.zones].map((node) => [node.name, node.sshHostKey.publicKey]),
);

/** What every server was made of, for the next update to know which ones it replaces. */
export const servers = pulumi
  .all([wanted, pulumi.all(zoneNodes.map(({ membership }) => membership.id))])
  .apply(([specs]) => specs);
