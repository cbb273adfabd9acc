import fc from "fast-check";
import { Address4 } from "ip-address";
import { planAddresses } from "../../../core/addresses";

const toNumber = (address: string): number => Number(new Address4(address).bigInt());

/** Arbitrary private networks that planAddresses accepts. */
const cidr = fc
  .tuple(
    fc.constantFrom("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"),
    fc.integer({ min: 16, max: 28 }),
    fc.nat(),
  )
  .map(([range, prefix, seed]) => {
    const block = new Address4(range);
    const size = 2 ** (32 - prefix);
    const count = 2 ** (prefix - block.subnetMask);
    const start = Number(block.bigInt()) + (seed % count) * size;
    return `${Address4.fromBigInt(BigInt(start)).correctForm()}/${String(prefix)}`;
  });

/** Returns the numbers of zones to check: all of a small network, the first and last 30 of a large network. */
function zoneNumbers(capacity: number): number[] {
  const ends = Array.from({ length: 30 }, (_, index) => [index + 1, capacity - index]).flat();
  return [...new Set(ends.filter((number) => number >= 1 && number <= capacity))];
}

test("192.168.0.0/24 has zones from .2 on, the pool from .250 on, and the controller at .254", () => {
  const plan = planAddresses("192.168.0.0/24");
  expect({ ...plan, zone: [1, 2, 3].map((number) => plan.zone(number)) }).toEqual({
    cidr: "192.168.0.0/24",
    gateway: "192.168.0.1",
    zone: ["192.168.0.2", "192.168.0.3", "192.168.0.4"],
    capacity: 248,
    pool: { start: "192.168.0.250", end: "192.168.0.253" },
    controller: "192.168.0.254",
  });
});

test("planned addresses are distinct, inside the network, and outside the pool", () => {
  fc.assert(
    fc.property(cidr, (network) => {
      const plan = planAddresses(network);
      const parsed = new Address4(network);
      const zones = zoneNumbers(plan.capacity).map((number) => plan.zone(number));
      const planned = [plan.gateway, plan.controller, ...zones];
      expect(new Set(planned).size).toBe(planned.length);
      const [poolStart, poolEnd] = [toNumber(plan.pool.start), toNumber(plan.pool.end)];
      const start = Number(parsed.startAddress().bigInt());
      const broadcast = Number(parsed.endAddress().bigInt());
      expect(poolStart).toBeLessThan(poolEnd);
      const misplaced = planned.filter((address) => {
        const value = toNumber(address);
        const inPool = value >= poolStart && value <= poolEnd;
        return inPool || value <= start || value >= broadcast;
      });
      expect(misplaced).toEqual([]);
    }),
  );
});

test("the capacity is the number of usable addresses without gateway, controller and pool", () => {
  fc.assert(
    fc.property(cidr, (network) => {
      const plan = planAddresses(network);
      const { pool, capacity } = plan;
      const poolSize = toNumber(pool.end) - toNumber(pool.start) + 1;
      const usable = 2 ** (32 - new Address4(network).subnetMask) - 2;
      expect(capacity).toBe(usable - poolSize - 2); // gateway, controller
      expect(() => plan.zone(capacity + 1)).toThrow(RangeError);
      expect(() => plan.zone(0)).toThrow(RangeError);
      expect(() => plan.zone(1.5)).toThrow(RangeError);
    }),
  );
});

test("zones have consecutive addresses, in the order of their numbers", () => {
  const plan = planAddresses("10.0.0.0/16");
  expect([1, 2, 250, 255, 300].map((number) => plan.zone(number))).toEqual([
    "10.0.0.2",
    "10.0.0.3",
    "10.0.0.251",
    "10.0.1.0",
    "10.0.1.45",
  ]);
});

test.each([
  ["192.168.0.0", "is not an IPv4 network"],
  ["192.168.0.0/33", "is not an IPv4 network"],
  ["192.168.0.300/24", "is not an IPv4 network"],
  ["", "is not an IPv4 network"],
  ["192.168.1.9/24", "write 192.168.1.0/24"],
  ["192.168.0.0/29", "between /16 and /28"],
  ["10.0.0.0/8", "between /16 and /28"],
  ["172.32.0.0/16", "is not a private network"],
  ["100.64.0.0/16", "is not a private network"],
])("planAddresses rejects %j: %s", (network, message) => {
  expect(() => planAddresses(network)).toThrow(message);
});
