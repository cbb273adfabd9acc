import fc from "fast-check";
import { type Counters, parseCounters, ratesBetween } from "../../../autoscaler/counters";
import { Metrics, sampleOf } from "../../../autoscaler/metrics";
import { NodeError } from "../../../core/errors";
import { type ExchangeNodes } from "../../../ssh/access";
import { type Session } from "../../../ssh/session";

/** Returns output of `counters.sh` in a zone. `bytes` are the received and the sent bytes; `idle` is in ticks. */
const printed = (bytes: readonly [number, number], idle: number): string =>
  `cpu  2245434 531963 725791 ${String(idle)} 83487 0 23626 24231 1 1
9a7b39e1
25782.34 14898.94
Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo:    5000       0    0    0    0     0          0         0     5000       0    0    0    0     0       0          0
  eth0:  ${String(bytes[0])}    3770    0    0    0     0          0         0   ${String(bytes[1])}    3630    0    0    0     0       0          0
`;

describe("a zone's counters", () => {
  test("leave out the loopback interface, and do not count I/O wait as busy", () => {
    expect(parseCounters(printed([820495, 798662], 1489894))).toEqual({
      boot: "9a7b39e1",
      uptime: 25782.34,
      bytes: 820495 + 798662,
      busy: 2245434 + 531963 + 725791 + 23626 + 24231,
      ticks: 2245434 + 531963 + 725791 + 1489894 + 83487 + 23626 + 24231,
    });
  });

  const counters: Counters = { boot: "a", uptime: 100, bytes: 5_000, busy: 300, ticks: 1_000 };

  test("give rates between two samples", () => {
    const next = { boot: "a", uptime: 104, bytes: 9_000, busy: 400, ticks: 1_400 };
    expect(ratesBetween(counters, next)).toEqual({ bytesPerSecond: 1_000, cpu: 0.25 });
  });

  test.each([
    ["there is no earlier sample", null, { bytesPerSecond: null, cpu: null }],
    ["the zone has rebooted", { ...counters, boot: "b" }, { bytesPerSecond: null, cpu: null }],
    [
      "the counter of bytes decreased",
      { ...counters, bytes: 6_000, uptime: 99 },
      { bytesPerSecond: null },
    ],
    ["no time has passed", counters, { bytesPerSecond: null, cpu: null }],
  ])("give no rate if %s", (_, before, rates) => {
    expect(ratesBetween(before, counters)).toMatchObject(rates);
  });

  test("never give a rate that is negative or not a number, or a processor load above 100 %", () => {
    const some = fc.record({
      boot: fc.constantFrom("a", "b"),
      uptime: fc.nat(),
      bytes: fc.nat(),
      busy: fc.constant(0),
      ticks: fc.nat(),
    });
    fc.assert(
      fc.property(some, some, fc.double({ min: 0, max: 1, noNaN: true }), (a, b, share) => {
        const later = { ...b, busy: Math.abs(b.ticks - a.ticks) * share };
        const { bytesPerSecond, cpu } = ratesBetween(a, later);
        expect(bytesPerSecond ?? 0).toBeGreaterThanOrEqual(0);
        expect(cpu ?? 0).toBeGreaterThanOrEqual(0);
        expect(cpu ?? 0).toBeLessThanOrEqual(1);
      }),
    );
  });
});

describe("a sample", () => {
  const reading = { calls: 1, registrations: 2, bytesPerSecond: null, cpu: null };
  const zone = (name: string, state: "ready" | "drain" | "maint", healthy = true) => ({
    name,
    place: { state, healthy, connections: 3 },
    reading,
    fault: null,
  });

  test("lists the zones in the rotation with the results of health checks, and the zones out of the rotation", () => {
    const zones = [zone("zone1", "ready"), zone("zone2", "drain"), zone("zone3", "ready", false)];
    expect(sampleOf({ at: 7, zones: [...zones, zone("zone4", "maint")], fault: null })).toEqual({
      at: 7,
      zones: [
        { name: "zone1", reading, fault: null, down: false },
        { name: "zone3", reading, fault: null, down: true },
      ],
      out: [
        { name: "zone2", number: 2 },
        { name: "zone4", number: 4 },
      ],
      sessions: 12,
      unknown: 4,
      fault: null,
    });
  });

  test("lists a zone as out of the rotation if HAProxy does not know the zone", () => {
    const zones = [zone("zone1", "ready"), { ...zone("zone2", "ready"), place: null }];
    expect(sampleOf({ at: 7, zones, fault: null })).toMatchObject({
      zones: [{ name: "zone1" }],
      out: [{ name: "zone2", number: 2 }],
    });
  });

  test("counts every zone as in the rotation if HAProxy cannot be queried", () => {
    const zones = [{ ...zone("zone1", "ready"), place: null }];
    expect(sampleOf({ at: 7, zones, fault: "controller: no" })).toEqual({
      at: 7,
      zones: [{ name: "zone1", reading, fault: null, down: false }],
      out: [],
      sessions: null,
      unknown: null,
      fault: "controller: no",
    });
  });

  test("never has a negative number of connections without a phone; the number is null if a zone is unread", () => {
    const few = { ...zone("zone1", "ready"), reading: { ...reading, registrations: 4 } };
    expect(sampleOf({ at: 7, zones: [few], fault: null })).toMatchObject({
      sessions: 3,
      unknown: 0,
    });
    const unread = { ...zone("zone2", "drain"), reading: null };
    expect(sampleOf({ at: 7, zones: [few, unread], fault: null })).toMatchObject({
      sessions: 6,
      unknown: null,
    });
  });

  test("has the reason why a zone cannot be read", () => {
    const zones = [{ ...zone("zone1", "ready"), reading: null, fault: "zone1: no answer in 8 s" }];
    expect(sampleOf({ at: 7, zones, fault: null }).zones).toEqual([
      { name: "zone1", reading: null, fault: "zone1: no answer in 8 s", down: false },
    ]);
  });
});

describe("an observation", () => {
  const nodes: ExchangeNodes = {
    access: { privateKey: "", controllerAddress: "", controllerHostKey: "" },
    zones: ["zone1", "zone2", "zone3"].map((name) => ({ name, fixedIp: "", sshHostKey: "" })),
  };
  /** Session of a zone with two calls and no registered phone. */
  const zone1 = {
    node: "zone1",
    run: () => Promise.resolve(printed([1, 2], 3)),
    ask: () =>
      Promise.resolve({
        fault: null,
        answers: ["greeting\n3 active channels\n2 active calls\n", "greeting\n", "greeting\n"],
      }),
  } as unknown as Session;

  test("computes the throughput from the counters of an earlier run, and then keeps the new counters", async () => {
    const before: Counters = {
      ...parseCounters(printed([0, 0], 3)),
      uptime: 25_722.34,
      busy: 0,
      ticks: 0,
    };
    const metrics = new Metrics(
      {
        controller: () => Promise.reject(new NodeError("controller", "out of reach")),
        zone: () => Promise.resolve(zone1),
        close: () => undefined,
      },
      20,
    );
    metrics.resumeFrom({ zone1: before });
    const [zone1Only] = nodes.zones;
    const { zones } = await metrics.observe({ ...nodes, zones: zone1Only ? [zone1Only] : [] });
    expect(zones[0]?.reading?.bytesPerSecond).toBeCloseTo(3 / 60);
    expect(metrics.lastCounters()).toEqual({ zone1: parseCounters(printed([1, 2], 3)) });
  });

  test("counts a phone only once if it has moved to another zone and its old registration still exists", async () => {
    const registrar = (extensions: readonly string[]): string =>
      extensions
        .map((extension) => {
          const uri = `sip:${extension}@192.168.0.254:4${extension};transport=TCP`;
          return `/registrar/contact/${extension};@9f3e : {"via_addr":"192.168.0.254","uri":"${uri}"}\n`;
        })
        .join("");
    const registered: Record<string, string[]> = {
      zone1: ["1001", "1002"],
      zone2: ["1002", "1003"],
    };
    const metrics = new Metrics({
      controller: () => Promise.reject(new NodeError("controller", "out of reach")),
      zone: (_, { name }) =>
        Promise.resolve({
          ...zone1,
          ask: () =>
            Promise.resolve({
              fault: null,
              answers: ["0 active calls\n", "", registrar(registered[name] ?? [])].map(
                (answer) => `greeting\n${answer}`,
              ),
            }),
        }),
      close: () => undefined,
    });
    const { zones } = await metrics.observe(nodes);
    expect(zones.map(({ reading }) => reading?.registrations)).toEqual([2, 1, 0]);
  });

  test("returns the answers that arrive in time, and does not ask a node again that has not answered yet", async () => {
    const asked: string[] = [];
    const session = (node: string): Promise<Session> => {
      asked.push(node);
      if (node === "zone2") return new Promise(() => undefined);
      if (node !== "zone1") return Promise.reject(new NodeError(node, "out of reach"));
      return Promise.resolve(zone1);
    };
    const metrics = new Metrics(
      {
        controller: () => session("controller"),
        zone: (_, { name }) => session(name),
        close: () => undefined,
      },
      20,
    );
    const silent = { reading: null, fault: "zone2: no answer in 0.02 s" };
    const expected = {
      zones: [
        { reading: { calls: 2, registrations: 0, bytesPerSecond: null, cpu: null }, fault: null },
        silent,
        { reading: null, fault: "zone3: out of reach" },
      ],
      fault: "controller: out of reach",
    };
    expect(await metrics.observe(nodes)).toMatchObject(expected);
    expect(await metrics.observe(nodes)).toMatchObject(expected);
    expect(asked.filter((node) => node === "zone2")).toEqual(["zone2"]);
  });
});
