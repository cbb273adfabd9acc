import * as pulumi from "@pulumi/pulumi";
import type { AddressPlan } from "../../core/addresses";
import type { SipDriver } from "../../core/telephony";
import type { ExchangePlan, NodePlan } from "../../plan/exchange-plan";
import { userData } from "../bootstrap";
import { checkedImage } from "../image";
import { baseFiles } from "../node-files";
import { OkeanosFloatingIp, OkeanosNetwork, OkeanosServer } from "../resources/okeanos-resources";
import type { PbxProvider } from "../resources/pbx-provider";
import type {
  Child,
  CloudAdapter,
  Firewall,
  InternalNetwork,
  Server,
  ServerArgs,
} from "./cloud-adapter";
import { lookUpImage } from "./okeanos-functions";

export interface OkeanosArgs {
  readonly exchange: ExchangePlan;
  readonly provider: PbxProvider;
  /** ID of the project that owns all resources in Okeanos. None of them is created before the ID is known. */
  readonly project: pulumi.Output<string | undefined>;
  /** Name of the internal network in Okeanos. */
  readonly networkName: string;
  /** Network that public addresses are allocated from. */
  readonly pool: string;
  /** Whether to use public addresses that the project already has and that are not in use. */
  readonly reuseAddresses: boolean;
  /** Public addresses of the stack's nodes, which must not be reused for another node. */
  readonly reserved: pulumi.Input<string[]>;
}

/**
 * Adapter for Okeanos: Cyclades and Plankton of Synnefo. Uses this project's own provider, because the OpenStack
 * provider cannot create servers in Okeanos. Also, after an error, the OpenStack provider neither finds nor deletes
 * networks that it created. Okeanos does not filter traffic. A server has a separate network interface for its public
 * address.
 */
export class OkeanosAdapter implements CloudAdapter {
  constructor(private readonly args: OkeanosArgs) {}

  image(name: string, after: pulumi.Input<string>, sipDriver?: SipDriver): pulumi.Output<string> {
    const { exchange, provider } = this.args;
    // Only the look-up of the controller's image has no SIP driver.
    const node = sipDriver === undefined ? exchange.controller : exchange.zones[0];
    const found = pulumi.output(after).apply(() => lookUpImage(name, node?.name ?? "", provider));
    return checkedImage(name, found, sipDriver);
  }

  internalNetwork(name: string, addresses: AddressPlan, child: Child): InternalNetwork {
    const network = new OkeanosNetwork(
      name,
      { name: this.args.networkName, project: this.args.project, cidr: addresses.cidr },
      { ...child, provider: this.args.provider },
    );
    return { id: network.id, subnetId: network.subnetId, uplink: network };
  }

  /** Returns no groups and no rules, because only the nodes filter traffic. */
  firewall(): Firewall {
    return { groups: () => [], rules: [] };
  }

  publicAddress({ name }: NodePlan, child: Child): pulumi.Output<string> {
    const { pool, project, reserved, reuseAddresses } = this.args;
    return new OkeanosFloatingIp(
      name,
      { name, pool, project, reuse: reuseAddresses, reserved },
      child,
    ).address;
  }

  /** Returns `exchange` unchanged, because servers boot with only the base files, which contain no users. */
  bootable(exchange: ExchangePlan): ExchangePlan {
    return exchange;
  }

  /** Creates a server that boots with only the base files. A NodeConfig adds all other files. */
  server(name: string, args: ServerArgs, child: Child): Server {
    const { exchange, project } = this.args;
    const { plan, network } = args;
    const server = new OkeanosServer(
      name,
      {
        name,
        owner: plan.tag,
        project,
        image: args.image,
        flavor: args.flavor,
        network: network.id.apply((id) => ({ id, fixedIp: plan.fixedIp })),
        publicAddress: args.publicAddress,
        metadata: args.metadata ?? {},
        userData: userData(plan, baseFiles(exchange, args.role)),
        // A change of these properties replaces the server, as on OpenStack.
        replaceOn: ["flavor", "metadata"],
      },
      {
        ...child,
        ignoreChanges: ["userData"],
        ...(args.after === undefined ? {} : { dependsOn: args.after }),
      },
    );
    return { id: server.id, reachableAfter: [server] };
  }
}
