import * as pulumi from "@pulumi/pulumi";
import type { DrainPolicy } from "../nodes/rotation/drain-decision";
import type { ExchangePlan, NodePlan } from "../plan/exchange-plan";
import type { Role } from "../plan/firewall-rules";
import type { Access } from "../ssh/access";
import type { NodeFile } from "../templates/node-file";
import type { CloudAdapter, Firewall, InternalNetwork } from "./cloud/cloud-adapter";
import { packFiles } from "./packed-files";
import { type Inputs, NodeConfig } from "./resources/node-config";
import type { Rollout } from "./rollout";
import { zoneHost } from "./zone-host";

/** Arguments that all nodes of an exchange share. */
export interface ExchangeArgs {
  readonly cloud: CloudAdapter;
  readonly exchange: ExchangePlan;
  /** Part of the exchange from which the files before boot are made. */
  readonly boot: ExchangePlan;
  readonly network: InternalNetwork;
  readonly firewall: Firewall;
  readonly rollout: Rollout;
  readonly drain: DrainPolicy;
}

export interface NodeServerArgs {
  /** ID of an image. */
  readonly image: pulumi.Input<string>;
  readonly flavor: string;
}

export interface NodeArgs extends ExchangeArgs, NodeServerArgs {
  readonly plan: NodePlan;
  readonly role: Role;
  /** Returns the node's files, which may hold secrets. `address` is the node's public address. */
  readonly files: (
    exchange: ExchangePlan,
    address: pulumi.Output<string>,
  ) => pulumi.Output<NodeFile[]>;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly serverAfter?: pulumi.Input<pulumi.Resource[]>;
  /** Node through which SSH connections pass. If undefined, SSH connects to this node directly. */
  readonly via?: Node;
}

/**
 * Server with a fixed IP in the trunk network, a public address, and files.
 *
 * The public address is allocated first, because the files that the server receives before boot may contain it.
 */
export abstract class Node extends pulumi.ComponentResource {
  readonly name: string;
  readonly fixedIp: string;
  readonly address: pulumi.Output<string>;
  readonly serverId: pulumi.Output<string>;
  readonly config: NodeConfig;
  /** Data for SSH access to this node. */
  readonly access: Inputs<Access>;
  /** Resources that must exist before SSH to this node works. */
  readonly reachableAfter: readonly pulumi.Resource[];

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
    this.reachableAfter = [
      ...(args.via?.reachableAfter ?? firewall.rules),
      ...server.reachableAfter,
    ];
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
      { ...child, dependsOn: [...this.reachableAfter] },
    );
    args.rollout.addConfig(plan.name, this.config);
  }
}
