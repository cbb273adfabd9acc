import type { Exchange } from "../../plan/exchange";
import type { Role, Rule } from "../../plan/firewall";
import { renderFirewall } from "../../templates";
import type { NodeFile } from "../../templates/node-file";
import type { Firewall } from "./cloud";

/** Nodes that filter by themselves, where the cloud does not. */
export class HostFirewall implements Firewall {
  readonly rules = [];

  constructor(
    private readonly exchange: Exchange,
    private readonly wanted: readonly Rule[],
  ) {}

  groups(): string[] {
    return [];
  }

  files(role: Role): readonly NodeFile[] {
    const { addresses } = this.exchange;
    const rules = this.wanted
      .filter(({ to }) => to === role)
      .map(({ name, protocol, ports, from }) => ({
        name,
        protocol,
        ports:
          ports.start === ports.end
            ? String(ports.start)
            : `${String(ports.start)}-${String(ports.end)}`,
        ...("role" in from
          ? // Whoever claims such an address from outside reaches nothing: it counts inside alone.
            { from: this.members(from.role), to: addresses.cidr }
          : { from: from.cidr === ANYWHERE ? null : from.cidr, to: null }),
      }));
    return [renderFirewall({ rules })];
  }

  /** Of zones, all that there can be: a zone that comes or goes changes nothing here. */
  private members(role: Role): string {
    const { addresses, controller } = this.exchange;
    return role === "controller"
      ? controller.fixedIp
      : `${addresses.zone(1)}-${addresses.zone(addresses.capacity)}`;
  }
}

const ANYWHERE = "0.0.0.0/0";
