import { PHONES_PER_ZONE } from "../plan/capacity";
import type { Exchange, ZonePlan } from "../plan/exchange";
import { renderAuthorizedKeys, renderControllerFiles, renderZoneFiles } from "../templates";
import type { ControllerContext } from "../templates/context";
import type { NodeFile } from "../templates/node-file";
import { RTP_PORTS } from "../plan/ports";

/** The two public addresses that a zone has to know; the cloud gives them. */
export interface ZoneAddresses {
  readonly controllerAddress: string;
  readonly address: string;
}

/** What an operator may set about HAProxy. */
export type HaproxySettings = Omit<ControllerContext, "phonesPerZone" | "zones">;

/** All files of `zone`. */
export function zoneFiles(
  exchange: Exchange,
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
    users: [...exchange.users],
    trunkPeers: [...zone.trunkPeers],
  });
  return [...authorizedKeys(exchange), ...files];
}

/** All files of the controller. */
export function controllerFiles(exchange: Exchange, haproxy: HaproxySettings): NodeFile[] {
  const zones = exchange.zones.map(({ name, fixedIp }) => ({ name, fixedIp }));
  return [
    ...authorizedKeys(exchange),
    ...renderControllerFiles({ ...haproxy, phonesPerZone: PHONES_PER_ZONE, zones }),
  ];
}

/** Who may log in to a node. */
export const authorizedKeys = ({ operatorKey, accessKey }: Exchange): NodeFile[] =>
  renderAuthorizedKeys(operatorKey, accessKey.publicKey);
