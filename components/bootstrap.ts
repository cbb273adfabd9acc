import { renderControllerFiles, renderZoneFiles } from "../templates";
import type { Balance } from "../templates/context";
import { renderUserData, USER_DATA_LIMIT } from "../templates/user-data";
import type { Exchange, ZonePlan } from "../plan/exchange";
import { RTP_PORTS } from "./ports";

/** The two public addresses that a zone has to know; the cloud gives them. */
export interface ZoneAddresses {
  readonly controllerAddress: string;
  readonly address: string;
}

/** User data of `zone`, in base64. */
export function zoneUserData(exchange: Exchange, zone: ZonePlan, addresses: ZoneAddresses): string {
  const files = renderZoneFiles({
    name: zone.name,
    sipDriver: exchange.sipDriver,
    codecs: [...exchange.codecs],
    controllerAddress: addresses.controllerAddress,
    controllerFixedIp: exchange.controller.fixedIp,
    address: addresses.address,
    fixedIp: zone.fixedIp,
    rtpPorts: RTP_PORTS,
    users: [...exchange.users],
    trunkPeers: [...zone.trunkPeers],
  });
  return renderUserData({ hostname: zone.name, sshHostKey: zone.sshHostKey, files });
}

/** User data of the controller, in base64. */
export function controllerUserData(exchange: Exchange, balance: Balance): string {
  const { controller, zones } = exchange;
  const files = renderControllerFiles({
    balance,
    connectTimeout: 5,
    idleTimeout: 3600,
    zones: zones.map(({ name, fixedIp }) => ({ name, fixedIp })),
  });
  return renderUserData({ hostname: controller.name, sshHostKey: controller.sshHostKey, files });
}

/**
 * Bytes left free for what is known only later, or differs from zone to zone: addresses, names and
 * secrets of the same length do not compress to the same one.
 */
const MARGIN = 256;

/** What stands in the way of starting `exchange`'s zones, or undefined. Found before any exists. */
export function userDataFault(exchange: Exchange): string | undefined {
  const [zone] = exchange.zones;
  const users = exchange.users.length;
  const bytesWith = (count: number): number =>
    zone === undefined
      ? 0
      : zoneUserData({ ...exchange, users: exchange.users.slice(0, count) }, zone, {
          controllerAddress: "255.255.255.255",
          address: "255.255.255.255",
        }).length;

  const limit = USER_DATA_LIMIT - MARGIN;
  const bytes = bytesWith(users);
  if (bytes <= limit) {
    return undefined;
  }
  let fitting = users;
  for (let size = bytes; size > limit && fitting > 0; size = bytesWith(fitting)) {
    fitting = Math.floor((fitting * limit) / size / 100) * 100;
  }
  return (
    `pbx:users has ${String(users)} users, which make ${String(bytes)} bytes of user data for each zone; ` +
    `Nova takes ${String(USER_DATA_LIMIT)}. Servers cannot be started with more than about ${String(fitting)} users: ` +
    `shorten pbx:users before you deploy`
  );
}
