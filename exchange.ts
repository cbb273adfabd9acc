import * as pulumi from "@pulumi/pulumi";
import { chooseCloud } from "./components/cloud/choose";
import { ExtendedZone } from "./components/extended-zone";
import { HaproxyController } from "./components/haproxy-controller";
import { PbxNode } from "./components/pbx-node";
import type { PbxProvider } from "./components/resources/pbx-provider";
import { Rollout } from "./components/rollout";
import { TrunkNetwork } from "./components/trunk-network";
import type { Settings } from "./config/schema";
import { planExchange } from "./plan/exchange-plan";
import type { ServerSpec, ServerSpecs } from "./plan/rollout-order";

/**
 * Creates and connects all parts of an exchange: the composition root.
 *
 * @param settings the stack's settings; `zones` must be the number of zones to deploy, also with an autoscaler.
 * @param last outputs of the stack's last successful update.
 * @returns the stack's outputs, which other programs may rely on.
 */
export async function newExchange(
  settings: Settings,
  provider: PbxProvider,
  last: Readonly<Record<string, unknown>>,
): Promise<pulumi.Inputs> {
  const exchange = planExchange(settings, pulumi.getStack());
  const cloud = await chooseCloud(settings, exchange, provider);
  const boot = cloud.bootable(exchange);
  const network = new TrunkNetwork("trunk", { cloud, addresses: exchange.addresses });
  const firewall = cloud.firewall("exchange", exchange.firewall);

  const controllerServer = {
    image: cloud.image(settings.controllerImage, network.id),
    flavor: settings.controllerFlavor ?? settings.flavor,
  };
  const zoneServer = {
    image: cloud.image(settings.image, network.id, settings.sipDriver),
    flavor: settings.flavor,
  };
  const wanted: pulumi.Output<ServerSpecs> = pulumi
    .all([controllerServer, zoneServer])
    .apply(([ofController, ofZone]) =>
      Object.fromEntries<ServerSpec>([
        [exchange.controller.name, ofController],
        ...exchange.zones.map(
          ({ name }) => [name, { ...ofZone, sipDriver: exchange.sipDriver }] as const,
        ),
      ]),
    );
  const lastServers = (last.servers ?? {}) as ServerSpecs;

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
    /** Address that phones register at: SIP over TCP, port 5060. */
    controllerAddress: controller.address,

    /** `{ name, address, fixedIp }` of every zone, in the order zone1, zone2, … */
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

    /** Public host key of every node for `known_hosts`. The keys are known before the nodes exist. */
    sshHostKeys: Object.fromEntries(
      [exchange.controller, ...exchange.zones].map((node) => [
        node.name,
        node.sshHostKey.publicKey,
      ]),
    ),

    /** Specification of every server. The next update compares specifications to find the servers to replace. */
    servers: pulumi
      .all([wanted, pulumi.all(zoneNodes.map(({ membership }) => membership.id))])
      .apply(([specs]) => specs),
  };
}
