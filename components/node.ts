import * as pulumi from "@pulumi/pulumi";
import type { ExchangePlan, NodePlan } from "../plan/exchange";
import type { Role } from "../plan/firewall";
import type { Access, ZoneHost } from "../ssh/access";
import type { DrainPolicy } from "../nodes/rotation/drain-decision";
import type { NodeFile } from "../templates/node-file";
import type { CloudAdapter, Firewall, InternalNetwork } from "./cloud/cloud";
import { type Inputs, NodeConfig } from "./node-config";
import { packFiles } from "./packed-files";
import type { Rollout } from "./rollout";

/** What all nodes of an exchange have in common. */
export interface ExchangeArgs {
  readonly cloud: CloudAdapter;
  readonly exchange: ExchangePlan;
  /** Of the exchange, as much as a server can be told before it boots. */
  readonly boot: ExchangePlan;
  readonly network: InternalNetwork;
  readonly firewall: Firewall;
  readonly rollout: Rollout;
  readonly drain: DrainPolicy;
}

/** The server that a node gets. */
export interface NodeServerArgs {
  /** ID of an image. */
  readonly image: pulumi.Input<string>;
  readonly flavor: string;
}

export interface NodeArgs extends ExchangeArgs, NodeServerArgs {
  readonly plan: NodePlan;
  readonly role: Role;
  /** The node's files, once its public address is known. They hold secrets. */
  readonly files: (
    exchange: ExchangePlan,
    address: pulumi.Output<string>,
  ) => pulumi.Output<NodeFile[]>;
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
 * The public address is taken first: the server has to know it before it boots.
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
    const { cloud, exchange, boot, plan, firewall } = args;
    super(type, plan.name, {}, opts);
    this.name = plan.name;
    this.fixedIp = plan.fixedIp;
    const child = { parent: this };

    this.address = cloud.publicAddress(plan, child);
    const files = args.files(exchange, this.address);
    const server = cloud.server(
      plan.name,
      {
        plan,
        role: args.role,
        image: args.image,
        flavor: args.flavor,
        network: args.network,
        firewall,
        publicAddress: this.address,
        files: boot === exchange ? files : args.files(boot, this.address),
        ...(args.metadata === undefined ? {} : { metadata: args.metadata }),
        ...(args.serverAfter === undefined ? {} : { after: args.serverAfter }),
      },
      child,
    );
    this.serverId = server.id;

    this.access = args.via?.access ?? {
      privateKey: exchange.accessKey.privateKey,
      controllerAddress: this.address,
      controllerHostKey: plan.sshHostKey.publicKey,
    };
    this.way = [...(args.via?.way ?? firewall.rules), ...server.way];
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
