import { Address4, Address6 } from "ip-address";
import type { CloudState, NetworkRecord, Pool, Subnet } from "./cloud-state";
import { badRequest, conflict } from "./faults";

const number = (address: string): bigint => new Address4(address).bigInt();
const text = (value: bigint): string => Address4.fromBigInt(value).correctForm();

/** Returns the default address pools of an IPv4 subnet: all hosts except the gateway. */
export function defaultPools(cidr: string, gateway: string | null): Pool[] {
  const network = new Address4(cidr);
  const first = network.startAddress().bigInt() + 1n;
  const last = network.endAddress().bigInt() - 1n;
  const ranges: [bigint, bigint][] =
    gateway === null
      ? [[first, last]]
      : [
          [first, number(gateway) - 1n],
          [number(gateway) + 1n, last],
        ];
  return ranges
    .filter(([start, end]) => start <= end)
    .map(([start, end]) => ({ start: text(start), end: text(end) }));
}

export const isIpv4 = (address: string): boolean => Address4.isValid(address);

/** Returns the first host of a network, which is the default gateway. */
export const firstHost = (cidr: string, version: 4 | 6): string =>
  version === 4
    ? text(new Address4(cidr).startAddress().bigInt() + 1n)
    : Address6.fromBigInt(new Address6(cidr).startAddress().bigInt() + 1n).correctForm();

function takenOn({ ports, floatingIps }: CloudState, network: NetworkRecord): Set<string> {
  const here = <T extends { readonly networkId: number }>(map: ReadonlyMap<number, T>): T[] =>
    [...map.values()].filter(({ networkId }) => networkId === network.id);
  return new Set([
    ...here(floatingIps).map(({ address }) => address),
    ...here(ports).flatMap(({ addresses }) => addresses.map(({ address }) => address)),
  ]);
}

/**
 * Returns the `wanted` address, or the first free address in the pools of the subnet.
 *
 * @throws SynnefoFault if the address is outside of the pools or in use, or if no address is free.
 */
export function allocateAddress(
  cloudState: CloudState,
  network: NetworkRecord,
  { pools }: Subnet,
  wanted?: string,
): string {
  const taken = takenOn(cloudState, network);
  if (wanted !== undefined) {
    const inPool = ({ start, end }: Pool): boolean =>
      number(start) <= number(wanted) && number(wanted) <= number(end);
    if (!isIpv4(wanted) || !pools.some(inPool)) {
      throw badRequest(`Address ${wanted} does not belong to network ${String(network.id)}`);
    }
    if (taken.has(wanted)) {
      throw conflict(`IP address ${wanted} is already used.`);
    }
    return wanted;
  }
  for (const { start, end } of pools) {
    for (let value = number(start); value <= number(end); value++) {
      if (!taken.has(text(value))) return text(value);
    }
  }
  throw conflict(`No more IP addresses available on network ${String(network.id)}`);
}

/** Returns the IPv6 address that a machine derives from its MAC address (SLAAC). */
export function slaac(cidr: string, mac: string): string {
  const bytes = mac.split(":").map((byte) => parseInt(byte, 16));
  const eui = [(bytes[0] ?? 0) ^ 2, ...bytes.slice(1, 3), 0xff, 0xfe, ...bytes.slice(3)];
  const host = eui.reduce((value, byte) => (value << 8n) | BigInt(byte), 0n);
  return Address6.fromBigInt(new Address6(cidr).startAddress().bigInt() | host).correctForm();
}
