import * as openstack from "@pulumi/openstack";
import * as pulumi from "@pulumi/pulumi";
import type { Exchange, NodePlan } from "../plan/exchange";
import type { Access, DrainPolicy, ZoneHost } from "../provider/inputs";
import type { NodeFile } from "../templates/node-file";
import { userData } from "./bootstrap";
import { type Inputs, NodeConfig } from "./node-config";
import { packFiles } from "./packed-files";
import type { Rollout } from "./rollout";
import type { SecurityGroups } from "./security-groups";
import type { TrunkNetwork } from "./trunk-network";

/** What all nodes of an exchange have in common. */
export interface ExchangeArgs {
  readonly exchange: Exchange;
  /** Of the exchange, as much as a server can be told before it boots. */
  readonly boot: Exchange;
  readonly network: TrunkNetwork;
  readonly securityGroups: SecurityGroups;
  readonly rollout: Rollout;
  readonly drain: DrainPolicy;
}

/** The server that a node gets. */
export interface ServerArgs {
  /** ID of an image. */
  readonly image: pulumi.Input<string>;
  readonly flavor: string;
}

export interface NodeArgs extends ExchangeArgs, ServerArgs {
  readonly plan: NodePlan;
  readonly securityGroupId: pulumi.Input<string>;
  /** The node's files, once its public address is known. They hold secrets. */
  readonly files: (exchange: Exchange, address: pulumi.Output<string>) => pulumi.Output<NodeFile[]>;
  /** Shown by the cloud beside the server. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** What the server waits for. */
  readonly serverAfter?: pulumi.Input<pulumi.Resource[]>;
  /** The node that SSH goes through; this one where there is none. */
  readonly via?: Node;
}

/** A zone as the provider finds it. */
export const zoneHost = ({ name, fixedIp, sshHostKey }: NodePlan): ZoneHost => ({
  name,
  fixedIp,
  sshHostKey: sshHostKey.publicKey,
});

/**
 * A server with a planned address in the trunk network and a public one, and the files on it.
 *
 * The public address is taken first and attached last: the server has to know it before it boots,
 * and attaching it waits for the router, which booting does not.
 */
export abstract class Node extends pulumi.ComponentResource {
  readonly name: string;
  readonly fixedIp: string;
  readonly address: pulumi.Output<string>;
  readonly serverId: pulumi.Output<string>;
  readonly config: NodeConfig;
  /** The way to this node by SSH. */
  readonly access: Inputs<Access>;
  /** What that way consists of. */
  readonly way: readonly pulumi.Resource[];

  protected constructor(type: string, args: NodeArgs, opts: pulumi.ComponentResourceOptions) {
    const { exchange, boot, plan, network } = args;
    super(type, plan.name, {}, opts);
    this.name = plan.name;
    this.fixedIp = plan.fixedIp;
    const child = { parent: this };

    const floatingIp = new openstack.networking.FloatingIp(
      plan.name,
      { pool: network.externalNetwork, description: plan.mark },
      child,
    );
    this.address = floatingIp.address;
    const port = new openstack.networking.Port(
      plan.name,
      {
        networkId: network.networkId,
        fixedIps: [{ subnetId: network.subnetId, ipAddress: plan.fixedIp }],
        securityGroupIds: [args.securityGroupId],
        description: plan.mark,
      },
      child,
    );
    const files = args.files(exchange, this.address);
    const bootFiles = boot === exchange ? files : args.files(boot, this.address);
    const server = new openstack.compute.Instance(
      plan.name,
      {
        name: plan.name,
        imageId: args.image,
        flavorName: args.flavor,
        networks: [{ port: port.id }],
        userData: pulumi.secret(bootFiles.apply((known) => userData(plan, known))),
        // Read before the network is up: a server is in service sooner than when it has to ask the
        // metadata service.
        configDrive: true,
        metadata: { ...args.metadata, mark: plan.mark },
      },
      {
        ...child,
        // The provider would rebuild or resize a server under its calls. One that is replaced is drained.
        replaceOnChanges: ["imageId", "flavorName", "metadata.sipDriver"],
        // Its port and its address go to its successor.
        deleteBeforeReplace: true,
        // It is read at the first boot alone, and a change of it would replace the server. A successor
        // boots with what is left of it, and gets what has changed since as all others did.
        ignoreChanges: ["userData"],
        additionalSecretOutputs: ["userData"],
        ...(args.serverAfter === undefined ? {} : { dependsOn: args.serverAfter }),
      },
    );
    this.serverId = server.id;
    const publicAddress = new openstack.networking.FloatingIpAssociate(
      plan.name,
      { floatingIp: floatingIp.address, portId: port.id },
      { ...child, dependsOn: network.uplink },
    );

    this.access = args.via?.access ?? {
      privateKey: exchange.accessKey.privateKey,
      controllerAddress: this.address,
      controllerHostKey: plan.sshHostKey.publicKey,
    };
    this.way = [...(args.via?.way ?? args.securityGroups.rules), server, publicAddress];
    const packed = files.apply((known) => packFiles(known, exchange.digestKey));
    this.config = new NodeConfig(
      plan.name,
      {
        node: plan.name,
        serverId: server.id,
        access: this.access,
        zones: exchange.zones.map(zoneHost),
        drain: args.drain,
        files: packed.files,
        contents: packed.contents,
      },
      { ...child, dependsOn: [...this.way] },
    );
    args.rollout.addConfig(plan.name, this.config);
  }
}
