import { zoneHost } from "../../components/zone-host";
import { liveCallsOf } from "../../nodes/asterisk/live-calls";
import { type Phone, RegistrationRefused } from "../../phones/phone";
import { Connections, TIMEOUTS } from "../../ssh/connections";
import { undisturbed, CallMonitor } from "./support/call-monitor";
import { dialFrom } from "./support/dial";
import { eventually } from "./support/eventually";
import {
  type Configuration,
  Exchange,
  IMAGES_DEADLINE,
  KINDS,
  TEST_DEADLINE,
} from "./support/exchange";
import { OPERATOR } from "./support/network";
import { Stack } from "./support/stack";

jest.setTimeout(2 * TEST_DEADLINE);

/** Expiry that the phones request, in seconds. A phone registers again within this time. */
const EXPIRES = 30;

/** Limits that the phones do not exceed. After a refusal, baresip tries to register many times in a row. */
const MANY_FAILURES = { failuresPerAccount: 1_000, failuresPerSource: 1_000 };

const ALICE = { extension: "1001", name: "Alice" };
const BOB = { extension: "1002", name: "Bob" };
const CAROL = { extension: "1003" };
const DAVE = { extension: "1004" };

describe.each(KINDS)("an edit of the configuration, with $name,", ({ kind }) => {
  let exchange: Exchange;
  let stack: Stack;
  /** Call between Alice in zone1 and Bob in zone2. */
  let monitor: CallMonitor;
  /** Phones for other calls: Carol's in zone1, Dave's in zone2. */
  let carol: Phone;
  let dave: Phone;
  let staying: Phone[];
  /** Phones whose users a test removes. */
  let leaving: Phone[];

  beforeAll(async () => {
    const configuration = { limits: MANY_FAILURES };
    exchange = await Exchange.start({ zones: [kind, kind], configuration });
    stack = await Stack.of(exchange, kind, configuration);
    const phone = (zone: string, extension: string): Promise<Phone> =>
      exchange.phoneIn(zone, extension, { expires: EXPIRES });
    const alice = await phone("zone1", "1001");
    const bob = await phone("zone2", "1002");
    carol = await phone("zone1", "1003");
    dave = await phone("zone2", "1004");
    leaving = [await phone("zone1", "1008"), await phone("zone2", "1009")];
    staying = [alice, bob, carol, dave, ...leaving];
    monitor = await CallMonitor.between(exchange, alice, bob);
  }, IMAGES_DEADLINE);
  afterEach(() => exchange.closePhones(...staying));
  afterAll(() => exchange.close());

  /** Updates the stack, and asserts that the phones of 1001 to 1004 stay registered in their zones. */
  async function edit(changes: Configuration): Promise<void> {
    const registrations = (): Promise<string[][]> =>
      Promise.all([ALICE, BOB, CAROL, DAVE].map((user) => exchange.zonesOf(user.extension)));
    const before = await registrations();
    await stack.up(changes);
    expect(await registrations()).toEqual(before);
    expect(before).toEqual([["zone1"], ["zone2"], ["zone1"], ["zone2"]]);
  }

  /** Returns the codec of each phone's current call, as its zone reports the codec; null for a phone without a call. */
  async function codecs(...extensions: readonly string[]): Promise<(string | null)[]> {
    const connections = new Connections(dialFrom(exchange.network.namespace(OPERATOR)));
    try {
      const calls = exchange.plan.zones.map(async (zone) =>
        liveCallsOf(await connections.zone(exchange.access, zoneHost(zone), TIMEOUTS.read)),
      );
      const legs = (await Promise.all(calls)).flat().flatMap((call) => call.legs);
      return extensions.map(
        (extension) => legs.find(({ end }) => end === extension)?.codec ?? null,
      );
    } finally {
      connections.close();
    }
  }

  async function talk(caller: Phone, callee: Phone): Promise<void> {
    const [outgoing, incoming] = await exchange.connect(caller, callee);
    await exchange.hear(caller, callee);
    await outgoing.hangUp();
    await incoming.closed;
  }

  test("prints nothing if it changes no key", async () => {
    await edit({});

    expect(stack.transcript).toEqual({ progress: [], messages: [] });
  });

  test("removes users, who can then neither register nor be called", async () => {
    await edit({ users: [ALICE, BOB, { range: "1003-1007" }] });

    expect(await exchange.zonesOf("1008")).toEqual([]);
    expect(await exchange.zonesOf("1009")).toEqual([]);
    for (const { account } of leaving) {
      const { established } = await carol.call(account.extension);
      // For a while, Asterisk still knows the removed user as a user without a phone, so the answer may be 480.
      await expect(established).rejects.toThrow(/404|480/);
      const again = await exchange.phone(account.extension, { secret: account.secret });
      await expect(again.registered()).rejects.toThrow(RegistrationRefused);
    }
  });

  test("adds a user, who can register and be called immediately", async () => {
    await edit({ users: [ALICE, BOB, { range: "1003-1007" }, { extension: "1010" }] });

    await talk(carol, await exchange.phoneIn("zone2", "1010"));
  });

  test("renames a user, whose new name is shown in both zones", async () => {
    await edit({
      users: [ALICE, BOB, { ...CAROL, name: "Caroline" }, DAVE, { extension: "1005" }],
    });

    for (const callee of [dave, await exchange.phoneIn("zone1", "1005")]) {
      await talk(carol, callee);
      expect(callee.currentCall?.peerName).toBe("Caroline");
    }
  });

  test("changes a password, after which only the new password is accepted", async () => {
    const former = exchange.secretOf("1005");
    const secret = "new-password-of-1005";
    await edit({ users: [ALICE, BOB, CAROL, DAVE, { extension: "1005", secret }] });

    const old = await exchange.phone("1005", { secret: former });
    await expect(old.registered()).rejects.toThrow(RegistrationRefused);
    await talk(carol, await exchange.phoneIn("zone2", "1005"));
  });

  test("changes the balance algorithm, after which new phones of one office share a zone", async () => {
    await edit({ users: [ALICE, BOB, CAROL, DAVE, { range: "1005-1006" }], balance: "source" });

    // Both zones have the same number of phones, so the default algorithm would separate the new phones.
    await exchange.registeredPhone("1005");
    await exchange.registeredPhone("1006");
    const [zone] = await exchange.zonesOf("1005");
    expect(await exchange.zonesOf("1006")).toEqual([zone]);
  });

  test("changes HAProxy's timeouts for new connections", async () => {
    await edit({ idleTimeout: "2h", connectTimeout: "7s" });

    const cfg = await exchange.controller.read("/etc/haproxy/haproxy.cfg");
    expect(cfg).toContain("timeout connect 7s");
    await exchange.registeredPhone("1005");
    const sessions = await exchange.controller.admin("show sess");
    expect(sessions).toMatch(/ fe=localnodes .*\bre?x=(?:2h|1h59m)\b/);
  });

  test("changes how long a phone rings", async () => {
    await edit({ ringTimeout: "5s" });

    const absent = await exchange.phoneIn("zone2", "1005", { answer: "manual" });
    const ringing = absent.nextCall();
    const { established } = await carol.call("1005");
    await ringing;
    const started = performance.now();
    await expect(established).rejects.toThrow("480");
    expect(performance.now() - started).toBeLessThan(8_000);
  });

  test("changes the codecs", async () => {
    await edit({ codecs: ["alaw"] });

    const [outgoing, incoming] = await exchange.connect(carol, dave);
    await exchange.hear(carol, dave);
    expect(await codecs(CAROL.extension, DAVE.extension)).toEqual(["alaw", "alaw"]);
    await outgoing.hangUp();
    await incoming.closed;
  });

  test("does not disturb the call that is up during all edits", async () => {
    expect(await monitor.result()).toEqual(undisturbed());
    await monitor.hangUp(1);
  });

  test("makes the zones refuse the next registration of a phone whose user was removed", async () => {
    for (const phone of leaving) {
      await eventually("a refusal", EXPIRES, () =>
        phone.registered().then(
          () => null,
          (error: unknown) => error,
        ),
      );
      await expect(phone.registered()).rejects.toThrow(RegistrationRefused);
    }
  });
});
