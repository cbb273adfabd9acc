import * as openstack from "@pulumi/openstack";
import * as pulumi from "@pulumi/pulumi";
import type { NodePlan } from "../plan/exchange";
import type { TrunkNetwork } from "./trunk-network";

/** The server that a node gets. */
export interface ServerArgs {
  readonly network: TrunkNetwork;
  readonly image: pulumi.Input<string>;
  readonly flavor: string;
  /** Name of the key pair that the operator logs in with. */
  readonly keyPair: pulumi.Input<string>;
  readonly securityGroupId: pulumi.Input<string>;
}

export interface NodeArgs extends ServerArgs {
  readonly plan: NodePlan;
  /** User data in base64, of the node's public address. Holds secrets. */
  readonly userData: (address: pulumi.Output<string>) => pulumi.Output<string>;
}

/**
 * A server with a planned address in the trunk network and a public one.
 *
 * The public address is taken first and attached last: the server has to know it before it boots,
 * and attaching it waits for the router, which booting does not.
 */
export abstract class Node extends pulumi.ComponentResource {
  readonly name: string;
  readonly fixedIp: string;
  readonly address: pulumi.Output<string>;

  protected constructor(type: string, args: NodeArgs, opts: pulumi.ComponentResourceOptions) {
    const { plan, network } = args;
    super(type, plan.name, {}, opts);
    this.name = plan.name;
    this.fixedIp = plan.fixedIp;
    const child = { parent: this };

    const floatingIp = new openstack.networking.FloatingIp(
      plan.name,
      { pool: network.externalNetwork },
      child,
    );
    const port = new openstack.networking.Port(
      plan.name,
      {
        networkId: network.networkId,
        fixedIps: [{ subnetId: network.subnetId, ipAddress: plan.fixedIp }],
        securityGroupIds: [args.securityGroupId],
      },
      child,
    );
    new openstack.compute.Instance(
      plan.name,
      {
        name: plan.name,
        imageName: args.image,
        flavorName: args.flavor,
        keyPair: args.keyPair,
        networks: [{ port: port.id }],
        userData: args.userData(floatingIp.address),
        // Read before the network is up: a server is in service sooner than when it has to ask the
        // metadata service.
        configDrive: true,
      },
      {
        ...child,
        // It is read at the first boot alone, and a change of it would replace the server.
        ignoreChanges: ["userData"],
        additionalSecretOutputs: ["userData"],
      },
    );
    new openstack.networking.FloatingIpAssociate(
      plan.name,
      { floatingIp: floatingIp.address, portId: port.id },
      { ...child, dependsOn: network.uplink },
    );

    this.address = floatingIp.address;
    this.registerOutputs({ address: this.address, fixedIp: this.fixedIp });
  }
}
