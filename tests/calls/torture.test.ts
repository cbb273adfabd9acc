import type { Attack, AttackResult } from "../support/hurl";
import { ownAttacks, strangersAttacks, tortureAttacks } from "../support/attacks";
import { Exchange, IMAGES_DEADLINE, KINDS, TEST_DEADLINE } from "./support/exchange";
import { OFFICE_ADDRESS } from "./support/network";
import type { Server } from "./support/server";
import { Bystander, hurl } from "./support/torture";

jest.setTimeout(2 * TEST_DEADLINE);

/** Milliseconds in which others are served while a node is tortured. */
const PROMPT = 200;
/** Connections of an attacker at a time. */
const PARALLEL = 4;
/** Far above what the attacks need: these tests are not about limits. */
const LIMITS = {
  connectionsPerSource: 1_000,
  connectionsPerUnknownSource: 1_000,
  connectionRate: 1_000,
  bytesPerSecond: 100_000_000,
  callsPerMinute: 6_000,
};

/** Milliseconds that attacks go on for at the least, to see how others are served meanwhile. */
const MEANWHILE = 6_000;

const ATTACKS: [string, () => Attack[]][] = [
  ["the messages of RFC 4475", tortureAttacks],
  ["fragmented, oversized and senseless input", ownAttacks],
  ["registrations without a log-in", strangersAttacks],
];

/** The value below which 95 of 100 values are. */
const percentile95 = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.ceil(values.length * 0.95) - 1] ?? Infinity;

describe.each(KINDS)("an exchange under torture ($name)", ({ kind }) => {
  let exchange: Exchange;

  beforeAll(async () => {
    exchange = await Exchange.start({ zones: [kind], configuration: { limits: LIMITS } });
  }, IMAGES_DEADLINE);
  afterAll(() => exchange.close());

  const servers = (): [server: Server, daemon: string][] => [
    [exchange.controller, "haproxy"],
    ...exchange.zones.map((zone): [Server, string] => [zone, "asterisk"]),
  ];

  /** Processes of all daemons. */
  const processes = (): Promise<string[]> =>
    Promise.all(servers().map(([server, daemon]) => server.inside(["pgrep", "-x", daemon])));

  /** Bytes of all logs. */
  const logged = async (): Promise<number> => {
    const files = exchange.zones.map((zone) =>
      zone.inside(["sh", "-c", "find /var/log/asterisk -type f -exec cat {} + | wc -c"]),
    );
    const sizes = await Promise.all(files);
    return sizes.reduce((sum, size) => sum + Number(size), exchange.controller.output.length);
  };

  const attack = (from: string, host: string, attacks: Attack[]): Promise<AttackResult[]> =>
    hurl(exchange.network.namespace(from), { host, attacks, parallel: PARALLEL });

  test.each(ATTACKS)("survives %s, and serves others meanwhile", async (_, attacks) => {
    const [before, sizeBefore] = [await processes(), await logged()];
    const [caller, callee] = exchange.plan.users;
    if (caller === undefined || callee === undefined) throw new Error("no users");
    const bystander = await Bystander.start(exchange.network.namespace("office2"), {
      server: exchange.controllerAddress,
      address: OFFICE_ADDRESS.office2,
      caller,
      callee,
    });
    const results: AttackResult[] = [];
    const end = performance.now() + MEANWHILE;
    while (performance.now() < end) {
      results.push(...(await attack("office1", exchange.controllerAddress, attacks())));
    }
    const { sent, options, register, call } = await bystander.served();
    const served = [...options, ...register, ...call];
    expect(served.filter((took) => took === null)).toEqual([]);
    for (const times of [options, register, call]) {
      expect(times.length).toBeGreaterThan(10);
      expect(percentile95(times.map((took) => took ?? Infinity))).toBeLessThan(PROMPT);
    }
    // What HAProxy would stop, from the controller's own address. No attacker can be there.
    for (const { fixedIp } of exchange.plan.zones) {
      results.push(...(await attack(exchange.plan.controller.name, fixedIp, attacks())));
    }
    expect(await processes()).toEqual(before);
    const received = results.reduce((sum, { bytes }) => sum + bytes, sent);
    expect((await logged()) - sizeBefore).toBeLessThan(received);
  });
});
