import type * as pulumi from "@pulumi/pulumi";
import type { AddressPlan } from "../../core/addresses";
import type { ExchangePlan, NodePlan } from "../../plan/exchange";
import type { FirewallRule, Role } from "../../plan/firewall";
import type { SipDriver } from "../../core/telephony";
import type { NodeFile } from "../../templates/node-file";

/** Whose child a resource is to be. */
export interface Child {
  readonly parent: pulumi.Resource;
}

export interface InternalNetwork {
  readonly id: pulumi.Output<string>;
  readonly subnetId: pulumi.Output<string>;
  /** Servers of the network can have public addresses as soon as this exists. */
  readonly uplink: pulumi.Resource;
}

/** What the cloud filters, besides each node itself. */
export interface Firewall {
  /** IDs of what the cloud filters traffic of servers of `role` by; empty if the cloud filters nothing. */
  groups(role: Role): pulumi.Input<string>[];
  /** Nothing reaches a node before these exist. */
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
  /** All that the node may be told before it boots. They hold secrets. */
  readonly files: pulumi.Output<readonly NodeFile[]>;
  /** Shown by the cloud beside the server. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** What the server waits for. */
  readonly after?: pulumi.Input<pulumi.Resource[]>;
}

export interface Server {
  readonly id: pulumi.Output<string>;
  /** The server can be reached as soon as these exist. */
  readonly way: readonly pulumi.Resource[];
}

/** All that an exchange asks of a cloud: its components do not know which one it is. */
export interface CloudAdapter {
  /**
   * The ID of the newest image called `name`: a newer one of the same name is another image, and
   * replaces servers.
   *
   * @param after a resource that is still to be created at the first preview, which then asks no cloud.
   * @param sipDriver that its Asterisk must have.
   */
  image(name: string, after: pulumi.Input<string>, sipDriver?: SipDriver): pulumi.Output<string>;

  internalNetwork(name: string, addresses: AddressPlan, child: Child): InternalNetwork;

  firewall(name: string, rules: readonly FirewallRule[]): Firewall;

  publicAddress(plan: NodePlan, child: Child): pulumi.Output<string>;

  /** Of `exchange`, as much as servers are told before they boot; the rest is brought to them later. */
  bootable(exchange: ExchangePlan): ExchangePlan;

  /** A server with its planned address in the internal network, and its public one. */
  server(name: string, args: ServerArgs, child: Child): Server;
}
