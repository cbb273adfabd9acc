import type { Settings } from "../config/schema";
import { expandUsers } from "../config/users";
import { type AddressPlan, planAddresses } from "../core/addresses";
import type { Codec, SipDriver } from "../core/telephony";
import type { TrunkPeer, User } from "../templates/context";
import {
  digestKey,
  exchangeTag,
  sshAccessKeySeed,
  sshHostKeySeed,
  trunkSecret,
  userSecret,
} from "./derived-secrets";
import { type FirewallRule, firewallRules } from "./firewall-rules";
import { type SshHostKey, sshHostKey } from "./ssh-host-key";

/** Values of a node that are known before the node exists. */
export interface NodePlan {
  /** Name of the node. If the server of the node is replaced, name, fixed IP and host key stay the same. */
  readonly name: string;
  readonly fixedIp: string;
  readonly sshHostKey: SshHostKey;
  /** Tag of the node's resources in the cloud. Trunkline finds the resources by this tag. */
  readonly tag: string;
}

export interface ZonePlan extends NodePlan {
  readonly trunkPeers: readonly TrunkPeer[];
}

/** Values of an exchange that do not depend on the cloud's responses. Holds secrets. */
export interface ExchangePlan {
  /** Common prefix of the tags of all nodes, and of the name of the network on Okeanos. */
  readonly tag: string;
  readonly addresses: AddressPlan;
  readonly controller: NodePlan;
  /** Zones in the order zone1, zone2, … */
  readonly zones: readonly ZonePlan[];
  readonly users: readonly User[];
  readonly sipDriver: SipDriver;
  readonly codecs: readonly Codec[];
  /** Seconds that a phone rings before the call counts as unanswered. */
  readonly ringTimeout: number;
  readonly firewall: readonly FirewallRule[];
  readonly limits: Settings["limits"];
  /** Key pair with which the stack logs in to its nodes, to apply changes. */
  readonly accessKey: SshHostKey;
  /** Public key of the operator, who logs in to the nodes with it. */
  readonly operatorKey: string;
  /** Secret key of the digests of the nodes' files (HMAC). */
  readonly digestKey: Buffer;
}

/** Returns the key pair with which a stack logs in to its nodes. */
export const accessKey = (masterSecret: string): SshHostKey =>
  sshHostKey(sshAccessKeySeed(masterSecret), "trunkline");

/** Plans the exchange for `settings` of `stack`. Pure: equal arguments give an equal plan. */
export function planExchange(settings: Settings, stack: string): ExchangePlan {
  const { masterSecret, zones: zoneCount } = settings;
  const addresses = planAddresses(settings.trunkCidr);
  const tag = exchangeTag(masterSecret, stack);
  const node = (name: string, fixedIp: string): NodePlan => ({
    name,
    fixedIp,
    sshHostKey: sshHostKey(sshHostKeySeed(masterSecret, name), name),
    tag: `${tag} ${name}`,
  });

  const zones = Array.from({ length: zoneCount }, (_, index) =>
    node(`zone${String(index + 1)}`, addresses.zone(index + 1)),
  );
  const trunkPeersOf = (zone: NodePlan): TrunkPeer[] =>
    zones
      .filter((other) => other !== zone)
      .map(({ name, fixedIp }) => ({
        name,
        host: fixedIp,
        secret: trunkSecret(masterSecret, zone.name, name),
      }));

  return {
    tag,
    addresses,
    controller: node("controller", addresses.controller),
    zones: zones.map((zone) => ({ ...zone, trunkPeers: trunkPeersOf(zone) })),
    users: Array.from(expandUsers(settings.users), ({ extension, name, secret }) => ({
      extension,
      name,
      secret: secret ?? userSecret(masterSecret, extension),
    })),
    sipDriver: settings.sipDriver,
    codecs: settings.codecs,
    ringTimeout: settings.ringTimeout,
    firewall: firewallRules(settings.operatorCidrs),
    limits: settings.limits,
    accessKey: accessKey(masterSecret),
    operatorKey: settings.sshPublicKey,
    digestKey: digestKey(masterSecret),
  };
}
