import { connect } from "../../phones/connect";
import { sleep } from "../../phones/within";
import { eventually } from "./support/eventually";
import { Exchange, IMAGES_DEADLINE, KINDS, TEST_DEADLINE } from "./support/exchange";
import { giveAddresses, plugIn, unplug } from "./support/network";
import type { TestServer } from "./support/server";
import { sipCrowd } from "./support/sip-crowd";

/** Duration of the flood with each driver, in seconds. A short flood is enough for the second driver. */
const FLOOD = { pjsip: 180, chan_sip: 30 };
/** Office in whose namespace `sipCrowd` simulates attackers and phones. */
const CROWD = "office4";
/** Number of connections of the first attacker, and of each other attacker. */
const [ONE, MANY] = [1_000, 100];
const ATTACKERS = 51;
/** Address of `CROWD`. 20 phones with this address register before the flood starts. */
const OFFICE = "198.51.100.203";
/** Time from the start of the phones with the address `OFFICE` to the start of the flood, in seconds. */
const BEFORE = 6;
/** Number of offices whose phones register only after the flood has started. */
const NEW_OFFICES = 10;
/** Maximum number of connections of HAProxy: enough for all phones, and for the attackers until they are locked. */
const CONNECTIONS = 4_000;
/** Pause between two calls, in seconds. */
const BETWEEN_CALLS = 4;
const SOON = 20;

jest.setTimeout(FLOOD.pjsip * 1000 + 2 * TEST_DEADLINE);

describe.each(KINDS)("with $name,", ({ kind }) => {
  let exchange: Exchange;
  let attackers: string[];
  let newOffices: string[];
  let others: string[];

  beforeAll(async () => {
    exchange = await Exchange.start({
      zones: [kind, kind],
      configuration: { users: [{ range: "1001-1099" }] },
      connections: CONNECTIONS,
    });
    const count = ATTACKERS + NEW_OFFICES;
    const addresses = await giveAddresses(exchange.network.namespace(CROWD), count + 1);
    attackers = addresses.slice(0, ATTACKERS);
    newOffices = addresses.slice(ATTACKERS, count);
    others = addresses.slice(count);
    await eventually("zones that report", SOON, async () => {
      const log = await exchange.controller.read("/var/log/trunkline/security.log");
      return exchange.zones.every(({ name }) => log.includes(`"reporter", "zone": "${name}"`))
        ? true
        : null;
    });
  }, IMAGES_DEADLINE);
  afterEach(() => exchange.closePhones());
  afterAll(() => exchange.close());

  const crowd = (seconds: number, jobs: Parameters<typeof sipCrowd>[3]) =>
    sipCrowd(exchange.network.namespace(CROWD), exchange.controllerAddress, seconds, jobs);

  const phone = (account: number, source: string, after: number) => ({
    source,
    account: String(account),
    password: exchange.secretOf(String(account)),
    after,
    every: 5,
  });

  /** Returns a line of `ss` for each established connection between a node and `address`, with its timer. */
  async function connectionsAt(node: TestServer, address: string): Promise<string[]> {
    const list = await node.inside(["ss", "-Htno", "state", "established"]);
    return list.split("\n").filter((line) => line.includes(address));
  }

  /** Returns the number of established connections between the controller and `address`. */
  const connectionsOf = async (address: string): Promise<number> =>
    (await connectionsAt(exchange.controller, address)).length;

  /** Waits until the node has no connection with `address`, for a minute at most. */
  const missed = (node: TestServer, address: string): Promise<true> =>
    eventually(`the end of the connection of ${address}`, 60, async () =>
      (await connectionsAt(node, address)).length === 0 ? true : null,
    );

  test("in a flood of connections, all calls and nearly all registrations succeed, and only attackers are locked", async () => {
    const alice = await exchange.registeredPhone("1001");
    const bob = await exchange.registeredPhone("1002");
    const seconds = FLOOD[kind.sipDriver];
    const known = Array.from({ length: 20 }, (_, index) => phone(1010 + index, OFFICE, 0));
    const fresh = newOffices.flatMap((source, office) =>
      [0, 1, 2, 3, 4].map((index) =>
        phone(1040 + 5 * office + index, source, BEFORE + 2 + (office * (seconds - 15)) / 10),
      ),
    );
    const phones = crowd(BEFORE + seconds, { register: [...known, ...fresh] });
    await sleep(BEFORE * 1000);
    const attack = crowd(seconds, {
      idle: attackers.map((source, index) => ({ source, connections: index === 0 ? ONE : MANY })),
    });
    const end = Date.now() + (seconds - BETWEEN_CALLS) * 1000;
    const calls = { tried: 0, failed: [] as string[] };
    while (Date.now() < end) {
      calls.tried += 1;
      try {
        const [call] = await connect(alice, bob);
        await call.hangUp();
      } catch (error) {
        calls.failed.push((error as Error).message);
      }
      await sleep(BETWEEN_CALLS * 1000);
    }
    const [{ idle }, { register }] = await Promise.all([attack, phones]);
    const total = (jobs: typeof register) => ({
      tried: jobs.reduce((sum, { tried }) => sum + tried, 0),
      failed: jobs.flatMap(({ failed }) => failed),
    });
    const old = total(register.slice(0, known.length));
    const recent = total(register.slice(known.length));
    const opened = idle.reduce((sum, job) => sum + job.opened, 0);
    console.info(JSON.stringify({ calls, old, recent, opened }));

    expect(calls.failed).toEqual([]);
    expect(old.failed.length / old.tried).toBeLessThanOrEqual(0.001);
    expect(recent.failed.length / recent.tried).toBeLessThanOrEqual(0.01);
    expect(old.tried).toBeGreaterThan((known.length * seconds) / 10);
    expect(recent.tried).toBeGreaterThan(seconds);
    const records = await exchange.controller.read("/var/log/trunkline/security.log");
    const locked = [...records.matchAll(/"event": "lock", "source": "([0-9.]+)"/g)];
    expect(new Set(locked.map(([, source]) => source))).toEqual(new Set(attackers));
  });

  test("after loginTime, connections without a log-in are closed, and a registered phone stays connected", async () => {
    const [source = ""] = others;
    const { idle, register } = await crowd(12, {
      idle: [{ source, connections: 3 }],
      register: [{ ...phone(1090, source, 0), every: 6 }],
    });
    expect(idle[0]?.shut).toBeGreaterThanOrEqual(3);
    // The second registration, after loginTime, uses the connection of the first.
    expect(register[0]).toEqual({ tried: 2, failed: [] });
  });

  test("a call of an unregistered phone continues after loginTime, and the phone gets the BYE", async () => {
    const bob = await exchange.rawPhoneIn("zone1", "1006");
    const alice = await exchange.unregisteredPhone("1005", "office2");
    const call = alice.call("1006");
    const dialog = await bob.pickUp(await bob.ring());
    await call;
    // This connection is opened later, and has no log-in. Its end shows that loginTime is over for both connections.
    const idle = await exchange.unregisteredPhone("1007", "office2");
    await idle.ask("OPTIONS", { credentials: null });
    await eventually("the end of the other connection", SOON, () =>
      Promise.resolve(idle.connection.isClosed ? true : null),
    );

    expect((await bob.askInside(dialog, "BYE")).status).toBe(200);
    await alice.heard("BYE");
    for (const phone of [alice, bob, idle]) phone.close();
  });

  test("connections to a dead zone end within 10 s, even if they are older than a reload of HAProxy", async () => {
    const { controller, network } = exchange;
    const address = `${exchange.plan.zones[1]?.fixedIp ?? ""}:5060`;
    const router = network.namespace("router");
    await exchange.phoneIn("zone2", "1003");
    await controller.inside(["sh", "-c", "echo reload | socat - /run/haproxy/master.sock"]);
    // The exact number is unknown, because health checks also open and close connections.
    expect(await connectionsOf(address)).toBeGreaterThan(0);

    await unplug(router, "zone2");
    try {
      await eventually("the end of the phone's connection", 10, async () =>
        (await connectionsOf(address)) === 0 ? true : null,
      );
      await exchange.noticedAsDown("zone2");
    } finally {
      await plugIn(router, "zone2");
    }
    await exchange.serving();
  });

  if (kind.sipDriver === "pjsip") {
    test("the controller and a zone close a dead connection within a minute", async () => {
      const address = `${exchange.plan.zones[1]?.fixedIp ?? ""}:5060`;
      await exchange.phoneIn("zone1", "1004", { office: "office3" });
      await exchange.phoneIn("zone2", "1005");
      const [, zone] = exchange.zones;
      if (zone === undefined) throw new Error("no second zone");
      expect(await connectionsOf("198.51.100.202:")).toBe(1);
      expect(await connectionsAt(zone, address)).not.toEqual([]);
      const router = exchange.network.namespace("router");
      await unplug(router, "office3");
      await unplug(router, "zone2");
      await Promise.all([missed(exchange.controller, "198.51.100.202:"), missed(zone, address)]);
    });
  } else {
    test("the kernel of a zone sends TCP keep-alive probes to the controller", async () => {
      await exchange.phoneIn("zone1", "1004");
      const address = `${exchange.plan.zones[0]?.fixedIp ?? ""}:5060`;
      const [zone] = exchange.zones;
      if (zone === undefined) throw new Error("no zone");
      // At first, `ss` may show the retransmission timer of the data that the zone sent last.
      await eventually("keep-alive of the connection", SOON, async () => {
        const connections = await connectionsAt(zone, address);
        return connections.some((line) => line.includes("timer:(keepalive,")) ? true : null;
      });
    });
  }
});
