import * as fc from "fast-check";
import {
  nodesConfiguredBefore,
  replacedServers,
  type ServerSpecs,
  previousReplaced,
} from "../../../plan/rollout-order";

const PJSIP = { image: "image-a", flavor: "m1.small", sipDriver: "pjsip" };
const zones = (count: number, change: object = {}): ServerSpecs =>
  Object.fromEntries(
    Array.from({ length: count }, (_, index) => [
      `zone${String(index + 1)}`,
      { ...PJSIP, ...change },
    ]),
  );

test("a first deployment replaces nothing", () => {
  expect(replacedServers({}, zones(3))).toEqual([]);
});

test("added and removed zones are not replaced", () => {
  expect(replacedServers(zones(2), zones(3))).toEqual([]);
  expect(replacedServers(zones(3), zones(2))).toEqual([]);
});

test.each([{ image: "image-b" }, { flavor: "m1.large" }, { sipDriver: "chan_sip" }])(
  "a change to %p replaces every existing zone, but not the new zone",
  (change) => {
    expect(replacedServers(zones(2), zones(3, change))).toEqual(["zone1", "zone2"]);
  },
);

test("an update after an interrupted rollout replaces only the remaining servers", () => {
  const last = { ...zones(3), zone1: { ...PJSIP, flavor: "m1.large" } };
  expect(replacedServers(last, zones(3, { flavor: "m1.large" }))).toEqual(["zone2", "zone3"]);
});

test("servers are replaced one after another", () => {
  const rolling = ["zone1", "zone3", "zone10"];
  expect(rolling.map((zone) => previousReplaced(zone, rolling))).toEqual([
    undefined,
    "zone1",
    "zone3",
  ]);
  expect(previousReplaced("zone2", rolling)).toBeUndefined();
});

test("no resource waits for itself, whichever servers are replaced", () => {
  const names = ["zone1", "zone2", "zone3", "zone4", "zone5"];
  fc.assert(
    fc.property(fc.subarray(names), (rolling) => {
      // Dependencies of the resources of all zones, as in components/, by the name of the dependent resource.
      const waits = new Map<string, string[]>();
      for (const zone of names) {
        const before = previousReplaced(zone, rolling);
        waits.set(`server ${zone}`, before === undefined ? [] : [`member ${before}`]);
        waits.set(`config ${zone}`, [`server ${zone}`]);
        waits.set(
          `member ${zone}`,
          nodesConfiguredBefore(zone, names, rolling).map((node) => `config ${node}`),
        );
      }
      const reach = (from: string, path: readonly string[] = []): void => {
        expect(path).not.toContain(from);
        for (const next of waits.get(from) ?? []) {
          reach(next, [...path, from]);
        }
      };
      names.forEach((zone) => {
        reach(`member ${zone}`);
      });
    }),
    { numRuns: 64 },
  );
});

test("a zone enters the rotation after all nodes are configured, except zones that are replaced later", () => {
  const nodes = ["controller", "zone1", "zone2", "zone3"];
  expect(nodesConfiguredBefore("zone1", nodes, ["zone1", "zone2"])).toEqual([
    "controller",
    "zone1",
    "zone3",
  ]);
  expect(nodesConfiguredBefore("zone2", nodes, ["zone1", "zone2"])).toEqual(nodes);
  expect(nodesConfiguredBefore("zone3", nodes, ["zone1", "zone2"])).toEqual(nodes);
  expect(nodesConfiguredBefore("zone1", nodes, [])).toEqual(nodes);
});
