import * as openstack from "@pulumi/openstack";
import * as pulumi from "@pulumi/pulumi";
import { userDataFault } from "./components/bootstrap";
import { ExtendedZone } from "./components/extended-zone";
import { HaproxyController } from "./components/haproxy-controller";
import { imageWithDriver } from "./components/image";
import { PbxNode } from "./components/pbx-node";
import { SecurityGroups } from "./components/security-groups";
import { TrunkNetwork } from "./components/trunk-network";
import { loadSettings } from "./config/load";
import { ConfigError, type Settings } from "./config/schema";
import { planExchange } from "./plan/exchange";

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
const exchange = planExchange(settings);

const fault = userDataFault(exchange);
if (fault !== undefined) {
  if (!pulumi.runtime.isDryRun()) {
    throw new pulumi.RunError(fault);
  }
  void pulumi.log.warn(fault);
}

const network = new TrunkNetwork("trunk", {
  addresses: exchange.addresses,
  externalNetwork: settings.externalNetwork,
});
const securityGroups = new SecurityGroups("exchange", { operatorCidrs: settings.operatorCidrs });
const keyPair = new openstack.compute.Keypair("operator", { publicKey: settings.sshPublicKey });

const controller = new HaproxyController({
  exchange,
  balance: settings.balance,
  network,
  image: settings.controllerImage,
  flavor: settings.controllerFlavor ?? settings.flavor,
  keyPair: keyPair.name,
  securityGroupId: securityGroups.controllerId,
});

const image = imageWithDriver(settings.image, settings.sipDriver, network.networkId);
const zoneNodes = exchange.zones.map((plan, index) => {
  const Zone = index === 0 ? PbxNode : ExtendedZone;
  return new Zone({
    exchange,
    plan,
    controllerAddress: controller.address,
    network,
    image,
    flavor: settings.flavor,
    keyPair: keyPair.name,
    securityGroupId: securityGroups.zoneId,
  });
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
