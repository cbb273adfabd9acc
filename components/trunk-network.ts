import * as pulumi from "@pulumi/pulumi";
import type { AddressPlan } from "../core/addresses";
import type { CloudAdapter, InternalNetwork } from "./cloud/cloud-adapter";

export interface TrunkNetworkArgs {
  readonly cloud: CloudAdapter;
  readonly addresses: AddressPlan;
}

/** Private network of the nodes. Carries all traffic between the controller and the zones, and IAX2 between zones. */
export class TrunkNetwork extends pulumi.ComponentResource implements InternalNetwork {
  readonly id: pulumi.Output<string>;
  readonly subnetId: pulumi.Output<string>;
  readonly uplink: pulumi.Resource;

  constructor(
    name: string,
    { cloud, addresses }: TrunkNetworkArgs,
    opts: pulumi.ComponentResourceOptions = {},
  ) {
    super("trunkline:index:TrunkNetwork", name, {}, opts);
    const network = cloud.internalNetwork(name, addresses, { parent: this });
    this.id = network.id;
    this.subnetId = network.subnetId;
    this.uplink = network.uplink;
    this.registerOutputs({ networkId: this.id, subnetId: this.subnetId });
  }
}
