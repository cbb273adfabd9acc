import type { Attack, AttackResult } from "../support/attack-sender";
import { ownAttacks, strangersAttacks, tortureAttacks } from "../support/attacks";
import { Exchange, IMAGES_DEADLINE, KINDS, TEST_DEADLINE } from "./support/exchange";
import { OFFICE_ADDRESS } from "./support/network";
import type { TestServer } from "./support/server";
import { Bystander, sendAttacks } from "./support/torture";

jest.setTimeout(2 * TEST_DEADLINE);

/** Limit for the 95th percentile of other phones' response times during an attack, in milliseconds. */
const PROMPT = 200;
/** Simultaneous connections of an attacker. */
const PARALLEL = 4;
/** Limits far above what the attacks need. */
const LIMITS = {
  connectionsPerSource: 1_000,
  connectionsPerUnknownSource: 1_000,
  connectionRate: 1_000,
  bytesPerSecond: 100_000_000,
  callsPerMinute: 6_000,
};

/** Minimum duration of the attacks, in milliseconds. */
const MEANWHILE = 6_000;

const ATTACKS: [string, () => Attack[]][] = [
  ["the messages of RFC 4475", tortureAttacks],
  ["fragmented, oversized and senseless input", ownAttacks],
  ["registrations without a log-in", strangersAttacks],
];

/** Returns the 95th percentile; Infinity without values. */
const percentile95 = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.ceil(values.length * 0.95) - 1] ?? Infinity;

describe.each(KINDS)("an exchange under attack ($name)", ({ kind }) => {
  let exchange: Exchange;

  beforeAll(async () => {
    exchange = await Exchange.start({ zones: [kind], configuration: { limits: LIMITS } });
  }, IMAGES_DEADLINE);
  afterAll(() => exchange.close());

  const servers = (): [server: TestServer, daemon: string][] => [
    [exchange.controller, "haproxy"],
    ...exchange.zones.map((zone): [TestServer, string] => [zone, "asterisk"]),
  ];

  const processes = (): Promise<string[]> =>
    Promise.all(servers().map(([server, daemon]) => server.inside(["pgrep", "-x", daemon])));

  /** Returns the size of Asterisk's logs in bytes plus the length of HAProxy's output in characters. */
  const logged = async (): Promise<number> => {
    const files = exchange.zones.map((zone) =>
      zone.inside(["sh", "-c", "find /var/log/asterisk -type f -exec cat {} + | wc -c"]),
    );
    const sizes = await Promise.all(files);
    return sizes.reduce((sum, size) => sum + Number(size), exchange.controller.output.length);
  };

  const attack = (from: string, host: string, attacks: Attack[]): Promise<AttackResult[]> =>
    sendAttacks(exchange.network.namespace(from), { host, attacks, parallel: PARALLEL });

  test.each(ATTACKS)("survives %s and still serves other phones", async (_, attacks) => {
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
    const { sent, options, register, call } = await bystander.stop();
    const served = [...options, ...register, ...call];
    expect(served.filter((took) => took === null)).toEqual([]);
    for (const times of [options, register, call]) {
      expect(times.length).toBeGreaterThan(10);
      expect(percentile95(times.map((took) => took ?? Infinity))).toBeLessThan(PROMPT);
    }
    // From the controller's namespace, attacks reach the zones without HAProxy. HAProxy would stop some attacks. A real
    // attacker cannot send from that namespace.
    for (const { fixedIp } of exchange.plan.zones) {
      results.push(...(await attack(exchange.plan.controller.name, fixedIp, attacks())));
    }
    expect(await processes()).toEqual(before);
    const received = results.reduce((sum, { bytes }) => sum + bytes, sent);
    expect((await logged()) - sizeBefore).toBeLessThan(received);
  });
});
