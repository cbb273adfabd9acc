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
    zones: zones.map(({ name, fixedIp }) => ({ name, fixedIp })),
  });
  return renderUserData({ hostname: controller.name, sshHostKey: controller.sshHostKey, files });
}

/**
 * What stands in the way of starting `exchange`'s zones, or undefined. Found before any address is
 * known: the longest ones stand for them.
 */
export function userDataFault(exchange: Exchange): string | undefined {
  const [zone] = exchange.zones;
  if (zone === undefined) {
    return undefined;
  }
  const longest = "255.255.255.255";
  const bytes = zoneUserData(exchange, zone, {
    controllerAddress: longest,
    address: longest,
  }).length;
  if (bytes <= USER_DATA_LIMIT) {
    return undefined;
  }
  const users = exchange.users.length;
  const fitting = Math.floor((users * USER_DATA_LIMIT) / bytes / 100) * 100;
  return (
    `pbx:users has ${String(users)} users, which make ${String(bytes)} bytes of user data for each zone; ` +
    `Nova takes ${String(USER_DATA_LIMIT)}. Servers cannot be started with more than about ${String(fitting)} users: ` +
    `shorten pbx:users before you deploy`
  );
}
