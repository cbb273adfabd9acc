import { REPORT_PORT, RTP_PORTS } from "../core/ports";
import { PHONES_PER_ZONE } from "../plan/capacity";
import type { ExchangePlan, ZonePlan } from "../plan/exchange-plan";
import { filterOf, type Role } from "../plan/firewall-rules";
import { renderAuthorizedKeys, renderClock, renderFirewall } from "../templates/base-files";
import type { ControllerContext } from "../templates/context";
import { renderControllerFiles } from "../templates/controller-files";
import type { NodeFile } from "../templates/node-file";
import { renderZoneFiles } from "../templates/zone-files";

/** Public addresses in the files of a zone. The cloud assigns the addresses. */
export interface ZoneAddresses {
  readonly controllerAddress: string;
  readonly address: string;
}

/** Keys of the configuration that set up HAProxy, except `pbx:limits`. */
export type HaproxySettings = Pick<ControllerContext, "balance" | "connectTimeout" | "idleTimeout">;

export function zoneFiles(
  exchange: ExchangePlan,
  zone: ZonePlan,
  { controllerAddress, address }: ZoneAddresses,
): NodeFile[] {
  const files = renderZoneFiles({
    name: zone.name,
    sipDriver: exchange.sipDriver,
    codecs: [...exchange.codecs],
    controllerAddress,
    address,
    fixedIp: zone.fixedIp,
    rtpPorts: RTP_PORTS,
    ringTimeout: exchange.ringTimeout,
    callsPerAccount: exchange.limits.callsPerAccount,
    callsPerMinute: exchange.limits.callsPerMinute,
    users: [...exchange.users],
    trunkPeers: [...zone.trunkPeers],
    logins: { host: exchange.controller.fixedIp, port: REPORT_PORT },
  });
  return [...baseFiles(exchange, "zone"), ...files];
}

export function controllerFiles(exchange: ExchangePlan, haproxy: HaproxySettings): NodeFile[] {
  const { callsPerAccount, callsPerMinute, ...limits } = exchange.limits;
  return [
    ...baseFiles(exchange, "controller"),
    ...renderControllerFiles({
      ...haproxy,
      phonesPerZone: PHONES_PER_ZONE,
      limits,
      reportPort: REPORT_PORT,
      zones: exchange.zones.map(({ name, fixedIp }) => ({ name, fixedIp })),
    }),
  ];
}

/**
 * Returns the files that every node of `role` needs at boot: its authorized keys, its packet filter, and the
 * configuration of its clock.
 */
export const baseFiles = (exchange: ExchangePlan, role: Role): NodeFile[] => {
  const { accessKey, addresses, firewall, operatorKey } = exchange;
  return [
    ...renderAuthorizedKeys(operatorKey, accessKey.publicKey),
    renderFirewall({ cidr: addresses.cidr, ...filterOf(role, firewall, addresses) }),
    renderClock(
      role === "controller"
        ? { server: null, clients: addresses.cidr }
        : { server: addresses.controller, clients: null },
    ),
  ];
};
