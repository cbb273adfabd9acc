import type * as pulumi from "@pulumi/pulumi";
import type { AddressPlan } from "../../core/addresses";
import type { SipDriver } from "../../core/telephony";
import type { ExchangePlan, NodePlan } from "../../plan/exchange-plan";
import type { FirewallRule, Role } from "../../plan/firewall-rules";
import type { NodeFile } from "../../templates/node-file";

/** Resource options that set the parent. */
export interface Child {
  readonly parent: pulumi.Resource;
}

export interface InternalNetwork {
  readonly id: pulumi.Output<string>;
  readonly subnetId: pulumi.Output<string>;
  /** Resource that must exist before servers of the network can have public addresses. */
  readonly uplink: pulumi.Resource;
}

/** Packet filter of the cloud. Each node also has its own packet filter. */
export interface Firewall {
  /** Returns the IDs of the security groups of `role`; empty if the cloud does not filter traffic. */
  groups(role: Role): pulumi.Input<string>[];
  /** Resources of the rules, which must exist before traffic reaches a node. */
  readonly rules: readonly pulumi.Resource[];
}

export interface ServerArgs {
  readonly plan: NodePlan;
  readonly role: Role;
  readonly image: pulumi.Input<string>;
  readonly flavor: string;
  readonly network: InternalNetwork;
  readonly firewall: Firewall;
  readonly publicAddress: pulumi.Output<string>;
  /** Files for the server before boot. May hold secrets. A cloud may deliver only some of the files. */
  readonly files: pulumi.Output<readonly NodeFile[]>;
  readonly metadata?: Readonly<Record<string, string>>;
  /** Resources that the server waits for. */
  readonly after?: pulumi.Input<pulumi.Resource[]>;
}

export interface Server {
  readonly id: pulumi.Output<string>;
  /** Resources that must exist before the server is reachable. */
  readonly reachableAfter: readonly pulumi.Resource[];
}

/** Interface of a cloud for an exchange. The components of an exchange do not depend on a particular cloud. */
export interface CloudAdapter {
  /**
   * Returns the ID of the newest image with `name`. A newer image with the same name has another ID, and so replaces
   * servers.
   *
   * @param after ID of a resource that the look-up waits for. At the first preview, this resource does not exist, so
   *   the preview does not look up the image.
   * @param sipDriver SIP driver that Asterisk in the image must support.
   */
  image(name: string, after: pulumi.Input<string>, sipDriver?: SipDriver): pulumi.Output<string>;

  internalNetwork(name: string, addresses: AddressPlan, child: Child): InternalNetwork;

  firewall(name: string, rules: readonly FirewallRule[]): Firewall;

  publicAddress(plan: NodePlan, child: Child): pulumi.Output<string>;

  /** Returns the part of `exchange` from which {@link ServerArgs.files} are made. A NodeConfig adds the rest later. */
  bootable(exchange: ExchangePlan): ExchangePlan;

  /** Creates a server with its fixed IP in the internal network and its public address. */
  server(name: string, args: ServerArgs, child: Child): Server;
}
