import type { PortRange } from "../templates/context";
import { IAX2_PORT, RTP_PORTS, SIP_PORT, SSH_PORT } from "./ports";

/** What a node is for, and so what it may be reached by. */
export type Role = "controller" | "zone";

/** A kind of traffic that is let in. Whatever has no rule is refused, from inside the network as well. */
export interface Rule {
  readonly name: string;
  readonly to: Role;
  readonly protocol: "tcp" | "udp";
  readonly ports: PortRange;
  readonly from: { readonly role: Role } | { readonly cidr: string };
}

const ANYWHERE = { cidr: "0.0.0.0/0" };
const only = (port: number): PortRange => ({ start: port, end: port });

/**
 * Who may reach what.
 *
 * @param operatorCidrs networks that may use SSH to the controller.
 */
export function firewallRules(operatorCidrs: readonly string[]): Rule[] {
  const fromController = { role: "controller" } as const;
  return [
    {
      name: "controller-sip",
      to: "controller",
      protocol: "tcp",
      ports: only(SIP_PORT),
      from: ANYWHERE,
    },
    ...operatorCidrs.map((cidr): Rule => ({
      name: `controller-ssh-${cidr}`,
      to: "controller",
      protocol: "tcp",
      ports: only(SSH_PORT),
      from: { cidr },
    })),
    { name: "zone-sip", to: "zone", protocol: "tcp", ports: only(SIP_PORT), from: fromController },
    { name: "zone-ssh", to: "zone", protocol: "tcp", ports: only(SSH_PORT), from: fromController },
    {
      name: "zone-iax2",
      to: "zone",
      protocol: "udp",
      ports: only(IAX2_PORT),
      from: { role: "zone" },
    },
    { name: "zone-rtp", to: "zone", protocol: "udp", ports: RTP_PORTS, from: ANYWHERE },
  ];
}

/** Why nobody could bring the nodes an edit, or undefined. */
export function sshFault(operatorCidrs: readonly string[]): string | undefined {
  return operatorCidrs.length > 0
    ? undefined
    : "pbx:operatorCidrs is empty, so nobody may reach the nodes by SSH, and no edit could reach them: " +
        "write the networks that you run pulumi from, such as [203.0.113.7/32]";
}
