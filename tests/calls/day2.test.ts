import { stripVTControlCharacters } from "node:util";
import { Metrics } from "../../autoscaler/metrics";
import type { Sample } from "../../autoscaler/sample";
import { calls } from "../../cli/pbx/calls";
import { drain, undrain } from "../../cli/pbx/drain";
import type { Command, PbxContext } from "../../cli/pbx/pbx-context";
import { status } from "../../cli/pbx/status";
import { zones } from "../../cli/pbx/zones";
import { zoneHost } from "../../components/zone-host";
import { Haproxy } from "../../nodes/haproxy/runtime";
import type { Call } from "../../phones/call";
import { sleep } from "../../phones/within";
import { type ExchangeNodes } from "../../ssh/access";
import { Connections, TIMEOUTS } from "../../ssh/connections";
import { dialFrom } from "./support/dial";
import { eventually } from "./support/eventually";
import {
  CHAN_SIP_16,
  Exchange,
  IMAGES_DEADLINE,
  PJSIP_22,
  TEST_DEADLINE,
} from "./support/exchange";
import { loseMedia, OPERATOR } from "./support/network";

jest.setTimeout(2 * TEST_DEADLINE);

/** Deadline for RTCP reports, in seconds. Asterisk and phones send a report every five seconds. */
const REPORTED = 20;
const SOON = 10;
/** Timeout of a sample in these tests, in milliseconds. */
const SAMPLE_TIMEOUT = 4_000;

describe("in an exchange with a call,", () => {
  let exchange: Exchange;
  let connections: Connections;
  let metrics: Metrics;
  let nodes: ExchangeNodes;
  let call: Call;
  /** Lines that commands have printed. */
  let lines: string[];

  beforeAll(async () => {
    exchange = await Exchange.start({ zones: [PJSIP_22, CHAN_SIP_16] });
    connections = new Connections(dialFrom(exchange.network.namespace(OPERATOR)));
    metrics = new Metrics(connections, SAMPLE_TIMEOUT);
    nodes = { access: exchange.access, zones: exchange.plan.zones.map(zoneHost) };
  }, IMAGES_DEADLINE);
  beforeEach(async () => {
    lines = [];
    jest.spyOn(console, "log").mockImplementation((line: string) => lines.push(line));
    const alice = await exchange.phoneIn("zone1", "1001");
    const bob = await exchange.phoneIn("zone2", "1002");
    [call] = await exchange.connect(alice, bob);
    await exchange.hear(alice, bob);
  });
  afterEach(async () => {
    jest.restoreAllMocks();
    await exchange.closePhones();
    const haproxy = new Haproxy(await connections.controller(exchange.access, TIMEOUTS.read));
    for (const { name } of nodes.zones) await haproxy.setState(name, "ready");
  });
  afterAll(async () => {
    metrics.close();
    await exchange.close();
  });

  const known = () => ({
    outputs: {
      controllerAddress: exchange.controllerAddress,
      zones: exchange.plan.zones.map(({ name, fixedIp }) => ({ name, fixedIp, address: fixedIp })),
      sipAccounts: [],
      sshHostKeys: {},
    },
    nodes,
  });
  const contextOf = (changes: Partial<PbxContext> = {}): PbxContext => ({
    stack: "test",
    ...known(),
    latest: () => Promise.resolve(known()),
    connections,
    json: false,
    watch: false,
    ...changes,
  });

  async function printed(command: Command, operand = "", json = false): Promise<string> {
    const before = lines.length;
    await command.run(contextOf({ json }), operand);
    return stripVTControlCharacters(lines.slice(before).join("\n"));
  }

  const json = async (command: Command): Promise<unknown> =>
    JSON.parse(await printed(command, "", true));

  const knownZones = ({ zones: sampled }: Sample): string[] =>
    sampled.filter(({ reading }) => reading !== null).map(({ name }) => name);

  const states = async (): Promise<Record<string, string>> => {
    const haproxy = new Haproxy(await connections.controller(exchange.access, TIMEOUTS.read));
    return Object.fromEntries((await haproxy.servers()).map(({ name, state }) => [name, state]));
  };

  test("a sample counts the call, the phone and the network traffic of each zone", async () => {
    await metrics.sample(nodes);
    await sleep(3_000);
    const { zones: sampled, sessions } = await metrics.sample(nodes);

    expect(sampled.map(({ name }) => name)).toEqual(["zone1", "zone2"]);
    for (const { reading } of sampled) {
      expect(reading).toMatchObject({ calls: 1, registrations: 1 });
      // Each of the two legs (phone and trunk) has 50 packets per second in each direction. A packet has somewhat more
      // than 200 bytes, so the traffic is somewhat more than 40,000 bytes per second.
      expect(reading?.bytesPerSecond).toBeGreaterThan(30_000);
      expect(reading?.bytesPerSecond).toBeLessThan(80_000);
      expect(reading?.cpu).toBeGreaterThan(0);
      expect(reading?.cpu).toBeLessThanOrEqual(1);
    }
    expect(sessions).toBe(2);
  });

  test("a sample marks an unreachable zone, and no other zone, as unknown until the zone is reachable again", async () => {
    await exchange.zone("zone2").killSsh();
    try {
      const { zones: sampled } = await metrics.sample(nodes);
      expect(sampled).toMatchObject([{ reading: { calls: 1 } }, { name: "zone2", reading: null }]);
    } finally {
      exchange.zone("zone2").startSsh();
    }
    await eventually("zone2 known again", SOON, async () => {
      expect(knownZones(await metrics.sample(nodes))).toEqual(["zone1", "zone2"]);
      return true;
    });
  });

  test("after the program that reads a zone was killed, a later sample has a reading of the zone again", async () => {
    await metrics.sample(nodes);
    await exchange.zone("zone2").inside(["pkill", "-KILL", "python3"]);
    await eventually("zone2 known again", SOON, async () => {
      expect(knownZones(await metrics.sample(nodes))).toEqual(["zone1", "zone2"]);
      return true;
    });
  });

  test("a sample ends within its timeout if the Asterisk of a zone is stopped, and marks only that zone as unknown", async () => {
    await metrics.sample(nodes);
    await exchange.zone("zone2").signal("SIGSTOP");
    try {
      const begin = performance.now();
      expect(knownZones(await metrics.sample(nodes))).toEqual(["zone1"]);
      expect(performance.now() - begin).toBeLessThan(SAMPLE_TIMEOUT + 1_000);
      await exchange.noticedAsDown("zone2");
    } finally {
      await exchange.zone("zone2").signal("SIGCONT");
    }
    await exchange.serving();
  });

  test("a sample does not contain a zone that an operator has drained", async () => {
    const haproxy = new Haproxy(await connections.controller(exchange.access, TIMEOUTS.read));
    await haproxy.setState("zone2", "drain");
    try {
      const { zones: sampled } = await metrics.sample(nodes);
      expect(sampled.map(({ name }) => name)).toEqual(["zone1"]);
    } finally {
      await haproxy.setState("zone2", "ready");
    }
  });

  test("pbx calls shows good quality for both legs of a call", async () => {
    const leg = (end: string, isTrunk: boolean) =>
      expect.objectContaining({
        end,
        isTrunk,
        codec: "ulaw",
        verdict: "ok",
        delayMs: expect.any(Number) as unknown,
      }) as unknown;
    const common = { from: "1001", to: "1002", state: "up" };
    await eventually("calls with values from RTCP", REPORTED, async () => {
      expect(await json(calls)).toMatchObject([
        { zone: "zone1", calls: [{ ...common, legs: [leg("1001", false), leg("zone2", true)] }] },
        { zone: "zone2", calls: [{ ...common, legs: [leg("zone1", true), leg("1002", false)] }] },
      ]);
      return true;
    });
    expect(await printed(calls)).toMatch(/│ zone1 │ 1001 → 1002 │ 0:\d\d +│ 1001 +│ ulaw +│ .* ok/);
  });

  test("pbx status shows the load of a zone, and pbx zones shows the addresses and trunk peers of a zone", async () => {
    expect(await printed(status)).toMatch(
      /│ zone1 │ ready +│ 1 +│ 1 +│ [\d.]+ kB\/s +│ [\d.]+ % +│ 1 of 1 +│ 1 +│/,
    );
    expect(await printed(zones)).toMatch(
      /│ zone2 │ 192.168.0.3 +│ 192.168.0.3 +│ ready +│ zone1 ok, \d+ ms +│/,
    );
  });

  test("pbx drain waits for the end of a zone's call, and pbx undrain puts the zone back into the rotation", async () => {
    const drained = printed(drain, "zone1");
    await eventually("zone1 drains", SOON, async () =>
      (await states()).zone1 === "drain" ? true : null,
    );
    await expect(printed(drain, "zone2")).rejects.toThrow(
      "zone2: no other healthy zone is in the rotation",
    );
    await call.hangUp();
    expect(await drained).toContain("zone1: 1 call left");
    expect(await states()).toEqual({ zone1: "drain", zone2: "ready" });

    await printed(undrain, "zone1");
    expect(await states()).toEqual({ zone1: "ready", zone2: "ready" });
  });

  test("Ctrl-C during pbx drain puts the zone back into the rotation", async () => {
    const drained = printed(drain, "zone1");
    drained.catch(() => undefined);
    await eventually("zone1 drains", SOON, async () =>
      (await states()).zone1 === "drain" ? true : null,
    );
    process.emit("SIGINT");
    await expect(drained).rejects.toThrow("zone1: the drain was interrupted; the zone stays in");
    expect(await states()).toEqual({ zone1: "ready", zone2: "ready" });
  });

  test("pbx calls shows bad quality for a leg that loses packets", async () => {
    const lossy = ["zone1", "zone2"] as const;
    for (const zone of lossy) await loseMedia(exchange.network.namespace(zone), 10);
    await eventually("the loss in the output of pbx calls", REPORTED, async () => {
      expect(await json(calls)).toMatchObject([
        { zone: "zone1", calls: [{ legs: [{ end: "1001", verdict: "bad" }, {}] }] },
        { zone: "zone2", calls: [{ legs: [{}, { end: "1002", verdict: "bad" }] }] },
      ]);
      return true;
    });
    expect(await printed(calls)).toMatch(/ 1001 +│ ulaw +│ [\d.]+ % bad /);
  });
});
