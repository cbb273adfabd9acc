import { Address4 } from "ip-address";

/**
 * Address plan of the trunk network. The lowest addresses belong to the router and then to the zones in the order of
 * their numbers (`.2`, `.3`, …). The highest address below the broadcast address belongs to the controller. Below the
 * controller is Neutron's allocation pool. Neutron's DHCP port takes the first free address of the pool, so the pool
 * must not contain a planned address.
 */
export interface AddressPlan {
  /** Network in normalised form, for example `192.168.0.0/24`. */
  readonly cidr: string;
  readonly gateway: string;
  readonly controller: string;
  /** Neutron's allocation pool, first and last address included. */
  readonly pool: { readonly start: string; readonly end: string };
  /** Number of zones that the network has addresses for. */
  readonly capacity: number;
  /** Returns the address of a zone. @throws RangeError unless `number` is a whole number from 1 to `capacity`. */
  zone(number: number): string;
}

/**
 * Number of addresses in the pool. Each DHCP agent of the network takes one for its port. If DHCP is highly available,
 * a network has several agents, for example three.
 */
const POOL_SIZE = 4n;

const PRIVATE = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"].map((cidr) => new Address4(cidr));

/**
 * Parses and normalises the network `cidr`: `10.0.0.0/08` becomes `10.0.0.0/8`.
 *
 * @param example valid network for the error message.
 * @throws Error that says what is wrong with `cidr`.
 */
export function parseNetwork(
  cidr: string,
  example: string,
): { readonly network: Address4; readonly normalised: string } {
  if (!Address4.isValid(cidr) || !cidr.includes("/")) {
    throw new Error(`is not an IPv4 network; write one such as ${example}`);
  }
  const network = new Address4(cidr);
  const first = network.startAddress().correctForm();
  const normalised = `${first}/${String(network.subnetMask)}`;
  if (first !== network.correctForm()) {
    throw new Error(`has host bits set; write ${normalised}`);
  }
  return { network, normalised };
}

/**
 * Plans the addresses of the trunk network.
 *
 * @param cidr private IPv4 network, /16 to /28.
 * @throws Error that says what is wrong with `cidr`.
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
