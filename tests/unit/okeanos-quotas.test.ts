import fc from "fast-check";
import type { Flavor } from "../../provider/okeanos/catalogue";
import {
  free,
  headroom,
  type Quota,
  quotaRows,
  type Quotas,
  quotaTable,
} from "../../provider/okeanos/quotas";

const quota = (limit: number, usage = 0): Quota => ({
  limit,
  usage,
  project_limit: limit,
  project_usage: usage,
});
const SMALL: Flavor = { id: 1, name: "C1R1024D20drbd", vcpus: 1, ram: 1024, disk: 20 };
const QUOTAS: Quotas = {
  "cyclades.vm": quota(4, 1),
  "cyclades.cpu": quota(8, 1),
  "cyclades.ram": quota(8 * 2 ** 30, 2 ** 30),
  "cyclades.disk": quota(160 * 2 ** 30, 20 * 2 ** 30),
  "cyclades.network.private": quota(2, 1),
  "cyclades.floating_ip": quota(2, 1),
};

test("what is free is the less of what the user and the project have left", () => {
  expect(free({ limit: 4, usage: 1, project_limit: 10, project_usage: 8 })).toBe(2);
  expect(free({ limit: 4, usage: 3, project_limit: 10, project_usage: 2 })).toBe(1);
});

test("a project that is over its limit has nothing left", () => {
  fc.assert(
    fc.property(fc.nat(), fc.nat(), fc.nat(), fc.nat(), (limit, usage, ofProject, used) => {
      const left = free({ limit, usage, project_limit: ofProject, project_usage: used });
      expect(left).toBeGreaterThanOrEqual(0);
      expect(left).toBeLessThanOrEqual(Math.max(0, limit - usage));
    }),
  );
});

test("as many zones fit as the scarcest resource lets", () => {
  expect(headroom(QUOTAS, SMALL)).toBe(1); // of public addresses
  expect(headroom({ ...QUOTAS, "cyclades.floating_ip": quota(9) }, SMALL)).toBe(3); // of servers
  const large: Flavor = { ...SMALL, ram: 4096 };
  const { "cyclades.floating_ip": _, ...withoutAddresses } = QUOTAS;
  expect(headroom(withoutAddresses, large)).toBe(1); // of memory
});

test("needs stand beside what is free, in the units that people count in", () => {
  const rows = quotaRows({ "cyclades.vm": 3, "cyclades.ram": 3 * 2 ** 30 }, QUOTAS);
  expect(rows).toEqual([
    { resource: "cyclades.vm", title: "servers", needed: 3, free: 3 },
    { resource: "cyclades.ram", title: "memory (MiB)", needed: 3072, free: 7168 },
  ]);
  expect(quotaTable("system:me", rows)).toBe(
    [
      "project system:me:",
      "  resource      needed  free",
      "  servers            3     3",
      "  memory (MiB)    3072  7168",
    ].join("\n"),
  );
});

test("a resource that has no quota has no limit", () => {
  expect(quotaRows({ "cyclades.vm": 3 }, {})).toEqual([]);
});
