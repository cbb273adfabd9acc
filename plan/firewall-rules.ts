import type { AddressPlan } from "../core/addresses";
import {
  IAX2_PORT,
  NTP_PORT,
  type PortRange,
  REPORT_PORT,
  RTP_PORTS,
  SIP_PORT,
  SSH_PORT,
} from "../core/ports";

/** Role of a node. The role decides which hosts may reach the node. */
export type Role = "controller" | "zone";

/** Hosts at the other end of traffic: the nodes of a role, or a network. */
export type Peer = { readonly role: Role } | { readonly cidr: string };

/**
 * Rule that allows traffic and the responses to it. A node refuses traffic that no rule allows, in both directions,
 * except loopback, ICMP errors, DHCP, and requests of root to the metadata service.
 */
export interface FirewallRule {
  readonly name: string;
  readonly to: Role;
  readonly protocol: "tcp" | "udp";
  readonly ports: PortRange;
  readonly from: Peer;
  /** Unix user on the sending node whose processes may not send the traffic. */
  readonly notBy?: string;
}

/** Packets that a node may receive or send. */
export interface Traffic {
  readonly name: string;
  readonly protocol: FirewallRule["protocol"];
  /** Port of the node itself, or a range of ports with a dash; null for all. */
  readonly own: string | null;
  /** Port of the other hosts, or a range of ports with a dash; null for all. */
  readonly others: string | null;
  /** Addresses of the other hosts: an address, a range with a dash, or a network; null for all. */
  readonly peers: string | null;
  /** Whether the other hosts are nodes of the exchange. Nodes reach each other in the trunk network. */
  readonly internal: boolean;
  /** Whether the packets belong to TCP connections that the receiver of the packets opened. */
  readonly answers: boolean;
  /** Unix user on the node whose processes may not send the packets; null for none. */
  readonly notBy: string | null;
}

const EVERYWHERE = "0.0.0.0/0";
const only = (port: number): PortRange => ({ start: port, end: port });
const formatPorts = ({ start, end }: PortRange): string =>
  start === end ? String(start) : `${String(start)}-${String(end)}`;

/**
 * Returns the rules that say which hosts may reach which nodes.
 *
 * @param operatorCidrs networks that may use SSH to the controller.
 */
export function firewallRules(operatorCidrs: readonly string[]): FirewallRule[] {
  const controller = { role: "controller" } as const;
  const zone = { role: "zone" } as const;
  const tcp = (name: string, to: Role, port: number, from: Peer): FirewallRule => ({
    name,
    to,
    protocol: "tcp",
    ports: only(port),
    from,
  });
  return [
    // The rules with the most packets come first: SIP and media.
    tcp("controller-sip", "controller", SIP_PORT, { cidr: EVERYWHERE }),
    tcp("zone-sip", "zone", SIP_PORT, controller),
    { name: "zone-rtp", to: "zone", protocol: "udp", ports: RTP_PORTS, from: { cidr: EVERYWHERE } },
    { name: "zone-iax2", to: "zone", protocol: "udp", ports: only(IAX2_PORT), from: zone },
    ...operatorCidrs.map((cidr) => tcp(`controller-ssh-${cidr}`, "controller", SSH_PORT, { cidr })),
    // An attacker that controls Asterisk must not be able to forge reports of log-ins.
    { ...tcp("controller-reports", "controller", REPORT_PORT, zone), notBy: "asterisk" },
    {
      name: "controller-ntp",
      to: "controller",
      protocol: "udp",
      ports: only(NTP_PORT),
      from: zone,
    },
    tcp("zone-ssh", "zone", SSH_PORT, controller),
  ];
}

/**
 * Returns the traffic that `rules` allow a node of `role` to receive and send.
 *
 * The filter is stateless: no connection table can fill up, and loading the rules interrupts no call. For TCP, the
 * flags of a packet distinguish a response from a new connection. For UDP, a node sends from the port that it
 * listens on.
 */
export function filterOf(
  role: Role,
  rules: readonly FirewallRule[],
  addresses: AddressPlan,
): Record<"input" | "output", Traffic[]> {
  const input: Traffic[] = [];
  const output: Traffic[] = [];
  for (const { name, to, protocol, ports: range, from, notBy = null } of rules) {
    const ports = formatPorts(range);
    const internal = "role" in from;
    const common = { name, protocol, internal, notBy: null };
    // With UDP between nodes, both sides send from the port that they listen on.
    const isMutual = protocol === "udp" && internal;
    if (to === role) {
      const peers = addressesOf(from, addresses);
      const server = { ...common, own: ports, others: isMutual ? ports : null, peers };
      input.push({ ...server, answers: false });
      output.push({ ...server, answers: protocol === "tcp" });
    }
    // Between nodes of the same role, the branch above already covers traffic that is mutual.
    if (internal && from.role === role && !(isMutual && to === role)) {
      const peers = addressesOf({ role: to }, addresses);
      const client = { ...common, own: isMutual ? ports : null, others: ports, peers };
      output.push({ ...client, answers: false, notBy });
      input.push({ ...client, answers: protocol === "tcp" });
    }
  }
  return { input, output };
}

/**
 * Returns the addresses that `peer` can ever have, so that rules do not change with the number of zones; null for all
 * addresses.
 */
function addressesOf(peer: Peer, addresses: AddressPlan): string | null {
  if ("cidr" in peer) return peer.cidr === EVERYWHERE ? null : peer.cidr;
  return peer.role === "controller"
    ? addresses.controller
    : `${addresses.zone(1)}-${addresses.zone(addresses.capacity)}`;
}

/** Returns why no update could change a node, if no network may use SSH; undefined if a network may. */
export function sshFault(operatorCidrs: readonly string[]): string | undefined {
  return operatorCidrs.length > 0
    ? undefined
    : "pbx:operatorCidrs is empty, so the firewall would block SSH and no change could reach the nodes; " +
        "write the networks that you run pulumi from, such as [203.0.113.7/32]";
}
