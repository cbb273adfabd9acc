import type { Codec, SipDriver } from "../core/telephony";
import type { Settings } from "../config/schema";
import { expandUsers } from "../config/users";
import type { TrunkPeer, User } from "../templates/context";
import { type AddressPlan, planAddresses } from "../core/addresses";
import { type FirewallRule, firewallRules } from "./firewall";
import {
  digestKey,
  exchangeTag,
  sshAccessKeySeed,
  sshHostKeySeed,
  trunkSecret,
  userSecret,
} from "./secrets";
import { type SshHostKey, sshHostKey } from "./ssh-host-key";

/** A node as it is known before it exists. */
export interface NodePlan {
  /** Stable: a node keeps its name, address and key for as long as the stack has it. */
  readonly name: string;
  readonly fixedIp: string;
  readonly sshHostKey: SshHostKey;
  /** The cloud shows it of the node's server, port and address, which are found by it. */
  readonly mark: string;
}

export interface ZonePlan extends NodePlan {
  readonly trunkPeers: readonly TrunkPeer[];
}

/** Everything about an exchange that does not depend on what the cloud answers. Holds secrets. */
export interface ExchangePlan {
  /** What all that it has in the cloud is marked with. */
  readonly mark: string;
  readonly addresses: AddressPlan;
  readonly controller: NodePlan;
  /** zone1, zone2, … */
  readonly zones: readonly ZonePlan[];
  readonly users: readonly User[];
  readonly sipDriver: SipDriver;
  readonly codecs: readonly Codec[];
  /** Seconds that a phone rings. */
  readonly ringTimeout: number;
  /** Which hosts may reach which nodes. */
  readonly firewall: readonly FirewallRule[];
  /** What one source address, or one account, may take. */
  readonly limits: Settings["limits"];
  /** What the stack itself logs in to its nodes with, to bring them what has changed. */
  readonly accessKey: SshHostKey;
  /** Public key that the operator logs in to the nodes with. */
  readonly operatorKey: string;
  readonly digestKey: Buffer;
}

/** What a stack logs in to its nodes with. */
export const accessKey = (masterSecret: string): SshHostKey =>
  sshHostKey(sshAccessKeySeed(masterSecret), "trunkline");

/** The exchange that `settings` of `stack` ask for. Pure: the same ones give the same exchange. */
export function planExchange(settings: Settings, stack: string): ExchangePlan {
  const { masterSecret, zones: zoneCount } = settings;
  const addresses = planAddresses(settings.trunkCidr);
  const mark = exchangeTag(masterSecret, stack);
  const node = (name: string, fixedIp: string): NodePlan => ({
    name,
    fixedIp,
    sshHostKey: sshHostKey(sshHostKeySeed(masterSecret, name), name),
    mark: `${mark} ${name}`,
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
    mark,
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
