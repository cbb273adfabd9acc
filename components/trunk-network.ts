import * as openstack from "@pulumi/openstack";
import * as pulumi from "@pulumi/pulumi";
import type { AddressPlan } from "../plan/address-plan";

export interface TrunkNetworkArgs {
  readonly addresses: AddressPlan;
  /** Name of the external network that public addresses come from. */
  readonly externalNetwork: string;
}

/** The private network that carries SIP from the controller and IAX2 between the zones. */
export class TrunkNetwork extends pulumi.ComponentResource {
  readonly networkId: pulumi.Output<string>;
  readonly subnetId: pulumi.Output<string>;
  readonly externalNetwork: string;
  /** Public addresses can be attached as soon as this exists. */
  readonly uplink: pulumi.Resource;

  constructor(
    name: string,
    { addresses, externalNetwork }: TrunkNetworkArgs,
    opts: pulumi.ComponentResourceOptions = {},
  ) {
    super("trunkline:index:TrunkNetwork", name, {}, opts);
    const child = { parent: this };

    const network = new openstack.networking.Network(name, {}, child);
    const subnet = new openstack.networking.Subnet(
      name,
      {
        networkId: network.id,
        ipVersion: 4,
        cidr: addresses.cidr,
        gatewayIp: addresses.gateway,
        allocationPools: [addresses.pool],
      },
      child,
    );
    const router = new openstack.networking.Router(
      name,
      {
        // The look-up hangs on a resource that is still to be created, so that the first preview
        // does without it, and without credentials.
        externalNetworkId: openstack.networking.getNetworkOutput(
          { name: network.id.apply(() => externalNetwork), external: true },
          child,
        ).id,
      },
      child,
    );

    this.networkId = network.id;
    this.subnetId = subnet.id;
    this.externalNetwork = externalNetwork;
    this.uplink = new openstack.networking.RouterInterface(
      name,
      { routerId: router.id, subnetId: subnet.id },
      child,
    );
    this.registerOutputs({ networkId: this.networkId, subnetId: this.subnetId });
  }
}
