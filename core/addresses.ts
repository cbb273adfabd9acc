import { Address4 } from "ip-address";

/**
 * Who has which address in the trunk network. From the bottom: the router, then the zones in the
 * order of their numbers (`.2`, `.3`, …). From the top: the controller, then the pool that Neutron
 * may take addresses from for itself. Its DHCP port takes the first free address of that pool, so
 * no planned address may lie in it.
 */
export interface AddressPlan {
  /** Normalised, for example `192.168.0.0/24`. */
  readonly cidr: string;
  readonly gateway: string;
  readonly controller: string;
  /** Neutron's allocation pool, first and last address included. */
  readonly pool: { readonly start: string; readonly end: string };
  /** How many zones the network has addresses for. */
  readonly capacity: number;
  /** Address of zone `number`, counted from 1. @throws RangeError beyond `capacity`. */
  zone(number: number): string;
}

/** One DHCP port for each of a network's agents (three where a cloud runs it highly available). */
const POOL_SIZE = 4n;

const PRIVATE = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"].map((cidr) => new Address4(cidr));

/**
 * The network `cidr`, and how it is written at its plainest: `10.0.0.0/8` for `10.0.0.0/08`.
 *
 * @param such what to write instead of one that is none.
 * @throws Error saying what is wrong with `cidr`.
 */
export function parseNetwork(
  cidr: string,
  such: string,
): { readonly network: Address4; readonly normalised: string } {
  if (!Address4.isValid(cidr) || !cidr.includes("/")) {
    throw new Error(`is not an IPv4 network; write one such as ${such}`);
  }
  const network = new Address4(cidr);
  const first = network.startAddress().correctForm();
  const normalised = `${first}/${String(network.subnetMask)}`;
  if (first !== network.correctForm()) {
    throw new Error(`has address bits behind its prefix; write ${normalised}`);
  }
  return { network, normalised };
}

/**
 * @param cidr a private IPv4 network, /16 to /28.
 * @throws Error saying what is wrong with `cidr`.
 */
export function planAddresses(cidr: string): AddressPlan {
  const { network, normalised } = parseNetwork(cidr, "192.168.0.0/24");
  if (network.subnetMask < 16 || network.subnetMask > 28) {
    throw new Error("has a prefix that is not between /16 and /28; write one such as /24");
  }
  if (!PRIVATE.some((range) => network.isInSubnet(range))) {
    throw new Error(
      "is not a private network (RFC 1918); use a part of 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16",
    );
  }
  const base = network.startAddress().bigInt();
  const broadcast = network.endAddress().bigInt();
  const at = (value: bigint): string => Address4.fromBigInt(value).correctForm();
  const controller = broadcast - 1n;
  const poolStart = controller - POOL_SIZE;
  const firstZone = base + 2n;
  const capacity = Number(poolStart - firstZone);
  return {
    cidr: normalised,
    gateway: at(base + 1n),
    controller: at(controller),
    pool: { start: at(poolStart), end: at(controller - 1n) },
    capacity,
    zone(number) {
      if (!Number.isInteger(number) || number < 1 || number > capacity) {
        throw new RangeError(`zone ${String(number)} has no address in ${normalised}`);
      }
      return at(firstZone + BigInt(number - 1));
    },
  };
}
