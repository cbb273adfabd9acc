import * as pulumi from "@pulumi/pulumi";
import type { AddressPlan } from "../../core/addresses";
import type { ExchangePlan, NodePlan } from "../../plan/exchange";
import type { SipDriver } from "../../core/telephony";
import { userData } from "../bootstrap";
import { checkedImage } from "../image";
import { baseFiles } from "../node-files";
import { OkeanosFloatingIp } from "../okeanos-floating-ip";
import { OkeanosNetwork } from "../okeanos-network";
import { OkeanosServer } from "../okeanos-server";
import type { PbxProvider } from "../pbx-provider";
import type { Child, CloudAdapter, Firewall, InternalNetwork, Server, ServerArgs } from "./cloud";
import { lookUpImage, stackAddresses } from "./okeanos-functions";

export interface OkeanosArgs {
  readonly exchange: ExchangePlan;
  readonly provider: PbxProvider;
  /** ID of the project that everything is taken from; nothing is made before it is known. */
  readonly project: pulumi.Output<string | undefined>;
  /** What the internal network is called there. */
  readonly networkName: string;
  /** Network that public addresses come from. */
  readonly pool: string;
  /** Whether public addresses that the project has and nobody uses are taken. */
  readonly reuseAddresses: boolean;
}

/**
 * Cyclades and Plankton (Synnefo), by this project's own provider: OpenStack's can make no server there,
 * and after an error it neither finds nor deletes the networks that it made. This cloud filters nothing,
 * and a public address is one of the server's own.
 */
export class OkeanosAdapter implements CloudAdapter {
  /** Public addresses that no other node may take. */
  private readonly reserved: Promise<string[]>;

  constructor(private readonly args: OkeanosArgs) {
    // It matters only where any address may be taken that nobody uses.
    this.reserved = args.reuseAddresses ? stackAddresses() : Promise.resolve([]);
  }

  image(name: string, after: pulumi.Input<string>, sipDriver?: SipDriver): pulumi.Output<string> {
    const { exchange, provider } = this.args;
    // Zones have a driver, and the controller has none.
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

  /** The cloud filters nothing: the nodes do. */
  firewall(): Firewall {
    return { groups: () => [], rules: [] };
  }

  publicAddress({ name }: NodePlan, child: Child): pulumi.Output<string> {
    const { pool, project, reuseAddresses } = this.args;
    const { reserved } = this;
    return new OkeanosFloatingIp(
      name,
      { name, pool, project, reuse: reuseAddresses, reserved },
      child,
    ).address;
  }

  /** Whatever there is: servers boot with next to nothing of it. */
  bootable(exchange: ExchangePlan): ExchangePlan {
    return exchange;
  }

  /** It boots with what it can be reached by, and safely; a NodeConfig brings all else. */
  server(name: string, args: ServerArgs, child: Child): Server {
    const { exchange, project } = this.args;
    const { plan, network } = args;
    const server = new OkeanosServer(
      name,
      {
        name,
        owner: plan.mark,
        project,
        image: args.image,
        flavor: args.flavor,
        network: network.id.apply((id) => ({ id, fixedIp: plan.fixedIp })),
        publicAddress: args.publicAddress,
        metadata: args.metadata ?? {},
        userData: userData(plan, baseFiles(exchange, args.role)),
        // As anywhere: a server that is to be another one is drained first, and then replaced.
        replaceOn: ["flavor", "metadata"],
      },
      {
        ...child,
        ignoreChanges: ["userData"],
        ...(args.after === undefined ? {} : { dependsOn: args.after }),
      },
    );
    return { id: server.id, way: [server] };
  }
}
