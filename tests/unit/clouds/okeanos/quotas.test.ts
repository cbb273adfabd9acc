import fc from "fast-check";
import {
  remaining,
  type Quota,
  quotaRows,
  type Quotas,
  quotaTable,
} from "../../../../clouds/okeanos/quotas";

const quota = (limit: number, usage = 0): Quota => ({
  limit,
  usage,
  project_limit: limit,
  project_usage: usage,
});
const QUOTAS: Quotas = {
  "cyclades.vm": quota(4, 1),
  "cyclades.cpu": quota(8, 1),
  "cyclades.ram": quota(8 * 2 ** 30, 2 ** 30),
  "cyclades.disk": quota(160 * 2 ** 30, 20 * 2 ** 30),
  "cyclades.network.private": quota(2, 1),
  "cyclades.floating_ip": quota(2, 1),
};

test("the free amount is the smaller of what the user and the project have left", () => {
  expect(remaining({ limit: 4, usage: 1, project_limit: 10, project_usage: 8 })).toEqual({
    free: 2,
    limit: 10,
  });
  expect(remaining({ limit: 4, usage: 3, project_limit: 10, project_usage: 2 })).toEqual({
    free: 1,
    limit: 4,
  });
});

test("the free amount is never negative, even if more is used than allowed", () => {
  fc.assert(
    fc.property(fc.nat(), fc.nat(), fc.nat(), fc.nat(), (limit, usage, ofProject, used) => {
      const { free } = remaining({ limit, usage, project_limit: ofProject, project_usage: used });
      expect(free).toBeGreaterThanOrEqual(0);
      expect(free).toBeLessThanOrEqual(Math.max(0, limit - usage));
    }),
  );
});

test("the quota table shows needed and free amounts in readable units", () => {
  const rows = quotaRows({ "cyclades.vm": 3, "cyclades.ram": 3 * 2 ** 30 }, QUOTAS);
  expect(rows).toEqual([
    { resource: "cyclades.vm", title: "servers", needed: 3, free: 3, limit: 4 },
    { resource: "cyclades.ram", title: "MiB of memory", needed: 3072, free: 7168, limit: 8192 },
  ]);
  expect(quotaTable("system:me", rows)).toBe(
    [
      "project system:me:",
      "  resource       needed  free",
      "  servers             3     3",
      "  MiB of memory    3072  7168",
    ].join("\n"),
  );
});

test("a resource without a quota has no row in the table, because it has no limit", () => {
  expect(quotaRows({ "cyclades.vm": 3 }, {})).toEqual([]);
});
