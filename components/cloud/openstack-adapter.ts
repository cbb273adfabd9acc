import * as openstack from "@pulumi/openstack";
import * as pulumi from "@pulumi/pulumi";
import type { AddressPlan } from "../../core/addresses";
import type { SipDriver } from "../../core/telephony";
import type { ExchangePlan, NodePlan } from "../../plan/exchange-plan";
import type { FirewallRule } from "../../plan/firewall-rules";
import { userData, usersFitUserData } from "../bootstrap";
import { checkedImage } from "../image";
import type {
  Child,
  CloudAdapter,
  Firewall,
  InternalNetwork,
  Server,
  ServerArgs,
} from "./cloud-adapter";
import { SecurityGroups } from "./security-groups";

/** Adapter for OpenStack: Nova, Neutron and Glance. */
export class OpenStackAdapter implements CloudAdapter {
  /** @param externalNetwork name of the external network that public addresses come from. */
  constructor(private readonly externalNetwork: string) {}

  image(name: string, after: pulumi.Input<string>, sipDriver?: SipDriver): pulumi.Output<string> {
    const found = openstack.images.getImageOutput({
      name: pulumi.output(after).apply(() => name),
      mostRecent: true,
    });
    return checkedImage(name, found, sipDriver);
  }

  internalNetwork(name: string, addresses: AddressPlan, child: Child): InternalNetwork {
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
        // The look-up depends on a new resource, so the first preview skips the look-up and needs no credentials.
        externalNetworkId: openstack.networking.getNetworkOutput(
          { name: network.id.apply(() => this.externalNetwork), external: true },
          child,
        ).id,
      },
      child,
    );
    const uplink = new openstack.networking.RouterInterface(
      name,
      { routerId: router.id, subnetId: subnet.id },
      child,
    );
    return { id: network.id, subnetId: subnet.id, uplink };
  }

  firewall(name: string, rules: readonly FirewallRule[]): Firewall {
    return new SecurityGroups(name, { rules });
  }

  publicAddress({ name, tag }: NodePlan, child: Child): pulumi.Output<string> {
    return new openstack.networking.FloatingIp(
      name,
      { pool: this.externalNetwork, description: tag },
      child,
    ).address;
  }

  bootable(exchange: ExchangePlan): ExchangePlan {
    if (usersFitUserData(exchange)) {
      return exchange;
    }
    if (pulumi.runtime.isDryRun()) {
      void pulumi.log.info(
        `pbx:users has ${String(exchange.users.length)} users, more than user data can hold; ` +
          "the servers receive their users after boot",
      );
    }
    return { ...exchange, users: [] };
  }

  /**
   * Creates a server. The public address is attached last, because only attaching has to wait for the router. The
   * server boots in the meantime.
   */
  server(name: string, args: ServerArgs, child: Child): Server {
    const { plan, network } = args;
    const port = new openstack.networking.Port(
      name,
      {
        networkId: network.id,
        fixedIps: [{ subnetId: network.subnetId, ipAddress: plan.fixedIp }],
        securityGroupIds: args.firewall.groups(args.role),
        description: plan.tag,
      },
      child,
    );
    const server = new openstack.compute.Instance(
      name,
      {
        name,
        imageId: args.image,
        flavorName: args.flavor,
        networks: [{ port: port.id }],
        userData: pulumi.secret(args.files.apply((known) => userData(plan, known))),
        // cloud-init reads a config drive before the network is up, so a server is in service sooner than with the
        // metadata service.
        configDrive: true,
        metadata: { ...args.metadata, mark: plan.tag },
      },
      {
        ...child,
        // Otherwise, the provider would rebuild or resize a server during calls. A zone is drained before its server is
        // replaced.
        replaceOnChanges: ["imageId", "flavorName", "metadata.sipDriver"],
        // The new server takes over the port and the public address, so the old server must be deleted first.
        deleteBeforeReplace: true,
        // User data is read only at the first boot, and a change would replace the server. A replacement boots with
        // the user data in the state, and gets later changes from its NodeConfig, as every server does.
        ignoreChanges: ["userData"],
        additionalSecretOutputs: ["userData"],
        ...(args.after === undefined ? {} : { dependsOn: args.after }),
      },
    );
    const publicAddress = new openstack.networking.FloatingIpAssociate(
      name,
      { floatingIp: args.publicAddress, portId: port.id },
      { ...child, dependsOn: network.uplink },
    );
    return { id: server.id, reachableAfter: [server, publicAddress] };
  }
}
