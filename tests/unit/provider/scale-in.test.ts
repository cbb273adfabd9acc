import { gzipSync } from "node:zlib";
import type { Logger } from "../../../core/logger";
import type { NodeConfigInputs, ZoneMembershipInputs } from "../../../provider/inputs";
import { PbxResourceProvider } from "../../../provider/provider";
import { plain } from "../../../provider/wire";
import type { ZoneHost } from "../../../ssh/access";
import { FakeExchange } from "../../support/fake-exchange";

// Waits return immediately in these tests and advance the fake clock.
jest.mock("node:timers/promises", () => ({
  setTimeout: (milliseconds: number) => {
    jest.advanceTimersByTime(milliseconds);
    return Promise.resolve();
  },
}));
beforeEach(() =>
  jest.useFakeTimers({
    doNotFake: ["nextTick", "queueMicrotask", "setImmediate", "setInterval", "setTimeout"],
  }),
);
afterEach(() => jest.useRealTimers());

type Inputs = Record<string, unknown>;

const HAPROXY_CFG = "/etc/haproxy/haproxy.cfg";
const LOGGER = "/etc/asterisk/logger.conf";
const access = { privateKey: "", controllerAddress: "198.51.100.10", controllerHostKey: "" };
const drain = { timeout: 3600, force: false };
const zoneHost = (name: string): ZoneHost => ({ name, fixedIp: "192.168.0.9", sshHostKey: "" });
const urnOf = (kind: string, name: string): string =>
  `urn:pulumi:test::trunkline::pbx:index:${kind}::${name}`;

const configOf = (
  node: string,
  path: string,
  content: string,
  zones: readonly string[],
): NodeConfigInputs => ({
  node,
  serverId: `server of ${node}`,
  access,
  drain,
  zones: zones.map(zoneHost),
  files: { [path]: { owner: "root:root", mode: "0640", digest: content } },
  contents: gzipSync(JSON.stringify({ [path]: content })).toString("base64"),
});
/** Returns the NodeConfig inputs of all nodes of an exchange, as pairs with their URNs. */
const configsFor = (zones: readonly string[]): [string, NodeConfigInputs][] => {
  const cfg = ["backend nodes", ...zones.map((name) => `server ${name} 192.168.0.9:5060`)].join(
    "\n",
  );
  const configs = [
    configOf("controller", HAPROXY_CFG, cfg, zones),
    ...zones.map((name) => configOf(name, LOGGER, zones.join(), zones)),
  ];
  return configs.map((config) => [urnOf("NodeConfig", config.node), config]);
};
const membershipOf = (name: string): ZoneMembershipInputs => ({
  zone: zoneHost(name),
  serverId: `server of ${name}`,
  controllerId: "server of controller",
  access,
  drain,
});

let exchange: FakeExchange;
/** Inputs of the resources in Pulumi's state, by URN. */
let state: Map<string, Inputs>;
let warnings: string[];

const ZONES = ["zone1", "zone2", "zone3"];

beforeEach(() => {
  exchange = new FakeExchange(ZONES);
  for (const zone of ZONES) exchange.used.add(zone);
  warnings = [];
  state = new Map(
    [
      ...configsFor(ZONES),
      ...ZONES.map((name) => [urnOf("ZoneMembership", name), membershipOf(name)] as const),
    ].map(([urn, inputs]) => [urn, { ...inputs }]),
  );
});

const log: Logger = {
  status: () => undefined,
  info: () => undefined,
  warn: (line) => warnings.push(line),
};

/** Deletes the membership of a zone, as Pulumi does before it replaces the zone's server. */
async function drained(zone: string): Promise<void> {
  const urn = urnOf("ZoneMembership", zone);
  const provider = new PbxResourceProvider(() => log, exchange);
  await provider.check(urn, {}, { ...membershipOf(zone) });
  await provider.delete("id", urn, membershipOf(zone));
  state.delete(urn);
}

/**
 * Acts like `pulumi up` for `zones`: updates the files of all nodes, then the memberships, then deletes other zones.
 *
 * @returns the URNs of the updated resources.
 * @throws the first error.
 */
async function up(...zones: string[]): Promise<string[]> {
  const provider = new PbxResourceProvider(() => log, exchange);
  const changed: string[] = [];
  const updateOne = async (urn: string, news: Inputs): Promise<void> => {
    const olds = state.get(urn) ?? {};
    const { changes } = await provider.diff("id", urn, olds, news);
    if (changes !== true) return;
    changed.push(urn);
    try {
      const updated = await provider.update("id", urn, olds, news);
      state.set(urn, plain(updated.outs) as Inputs);
    } catch (error) {
      const { properties } = error as { properties?: unknown };
      if (properties !== undefined) state.set(urn, plain(properties) as Inputs);
      throw error;
    }
  };
  const memberships = zones.map(
    (name) => [urnOf("ZoneMembership", name), membershipOf(name)] as const,
  );
  for (const wanted of [configsFor(zones), memberships]) {
    for (const [urn, inputs] of wanted) await provider.check(urn, {}, { ...inputs });
    const ends = await Promise.allSettled(
      wanted.map(([urn, inputs]) => updateOne(urn, { ...inputs })),
    );
    for (const end of ends) if (end.status === "rejected") throw end.reason;
  }
  for (const name of ZONES.filter((zone) => !zones.includes(zone))) {
    const [membership, config] = [urnOf("ZoneMembership", name), urnOf("NodeConfig", name)];
    if (!state.has(membership)) continue;
    await provider.delete("id", membership, state.get(membership));
    for (const urn of [membership, config]) state.delete(urn);
  }
  return changed;
}

describe("if one of two removed zones still has a call,", () => {
  beforeEach(async () => {
    exchange.inCall.add("zone2");
    await expect(up("zone1")).rejects.toThrow("zone2: 1 call still going after 3600 s");
  });

  test("both zones stay in service", () => {
    expect(exchange.rotation).toEqual(ZONES);
    expect(warnings).toEqual([]);
  });

  test("a repeated update removes both zones after the call has ended", async () => {
    exchange.inCall.clear();
    await up("zone1");
    expect([...exchange.servers.keys()]).toEqual(["zone1"]);
    expect(await up("zone1")).toEqual([]);
  });
});

describe("after the connection to the controller was lost during a drain,", () => {
  beforeEach(async () => {
    exchange.onControllerCommand = (command) => {
      if (command === "set-state zone3 drain") exchange.unreachable.add("controller");
    };
    exchange.inCall.add("zone3");
    await expect(up("zone1", "zone2")).rejects.toThrow("controller: SSH does not answer");
    exchange.onControllerCommand = () => undefined;
    exchange.unreachable.clear();
    expect(exchange.rotation).toEqual(["zone1", "zone2"]);
  });

  test("an update to the former zones restores the drained zone", async () => {
    await up(...ZONES);
    expect(exchange.rotation).toEqual(ZONES);
    expect(await up(...ZONES)).toEqual([]);
  });

  test("a repeated update continues the drain", async () => {
    exchange.inCall.clear();
    await up("zone1", "zone2");
    expect([...exchange.servers.keys()]).toEqual(["zone1", "zone2"]);
  });
});

test("an update to the former zones restores a zone drained while the controller's disk was full", async () => {
  exchange.full.add("controller");
  await expect(up("zone1", "zone2")).rejects.toThrow("its disk is full");
  expect(exchange.rotation).toEqual(["zone1", "zone2"]);

  exchange.full.clear();
  await up(...ZONES);
  expect(exchange.rotation).toEqual(ZONES);
  expect(await up(...ZONES)).toEqual([]);
});

test("a repeated update restores a zone after the first run of the update failed at another node", async () => {
  exchange.full.add("zone1");
  await expect(up("zone1", "zone2")).rejects.toThrow("its disk is full");
  expect([...exchange.servers.keys()]).toEqual(["zone1", "zone2"]);
  exchange.full.add("zone2");
  exchange.full.delete("zone1");
  await expect(up(...ZONES)).rejects.toThrow("its disk is full");

  exchange.full.clear();
  await up(...ZONES);
  expect(exchange.rotation).toEqual(ZONES);
  expect(await up(...ZONES)).toEqual([]);
});

test("a repeated update restores a zone that did not enter the rotation in the first run", async () => {
  exchange.full.add("controller");
  await expect(up("zone1", "zone2")).rejects.toThrow("its disk is full");
  exchange.full.clear();
  exchange.sipDown.add("zone3");
  await expect(up(...ZONES)).rejects.toThrow("zone3: it does not answer HAProxy's OPTIONS");

  exchange.sipDown.clear();
  expect(await up(...ZONES)).toEqual([urnOf("ZoneMembership", "zone3")]);
  expect(exchange.rotation).toEqual(ZONES);
});

describe("a zone without a server", () => {
  beforeEach(() => exchange.unreachable.add("zone3"));

  test("is removed if it was never in use", async () => {
    exchange.used.delete("zone3");
    await up("zone1", "zone2");
    expect([...exchange.servers.keys()]).toEqual(["zone1", "zone2"]);
  });

  test("is removed if it was drained for a successor that could not be built", async () => {
    exchange.unreachable.clear();
    await drained("zone3");
    exchange.unreachable.add("zone3");
    await up("zone1", "zone2");
    expect([...exchange.servers.keys()]).toEqual(["zone1", "zone2"]);
  });

  test("is not removed, and keeps its state in HAProxy, if it was in use", async () => {
    exchange.servers.set("zone3", "drain");
    await expect(up("zone1", "zone2")).rejects.toThrow(
      /^zone3: its calls cannot be checked \(.*\); the zone stays out of the rotation/,
    );
    expect(exchange.servers.get("zone3")).toBe("drain");
  });
});
