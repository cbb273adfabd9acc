import fc from "fast-check";
import { within } from "../../phones/deadline";
import { OFFER, type Outside, type RawPhone } from "../support/raw-phone";
import { type SipMessage, unique } from "../support/raw-sip";
import { watch } from "./support/capture";
import { eventually } from "./support/eventually";
import { Exchange, IMAGES_DEADLINE, KINDS, TEST_DEADLINE } from "./support/exchange";

jest.setTimeout(2 * TEST_DEADLINE);

/** A network of nobody (RFC 5737), where the attacks of these tests want to get. */
const OUTSIDE = "203.0.113.66";
/** Any address does: the values are the same in each run. */
const SEED = 13;
/** Values in each field. */
const VALUES = 75;

/** Limits of `pbx:limits` that are no part of these tests. */
const limits = {
  callsPerAccount: 500,
  callsPerMinute: 10_000,
  connectionsPerUnknownSource: 1_000,
  connectionRate: 1_000,
  bytesPerSecond: 100_000_000,
  failuresPerAccount: 100_000,
  failuresPerSource: 100_000,
};

/** Milliseconds for a request that may get no answer at all: Asterisk drops what it cannot parse. */
const BRIEFLY = 200;
/** Milliseconds until a call to a phone that cannot be reached is given up, and some more. */
const GIVEN_UP = 9_000;
/** Seconds until a zone is done with all calls. */
const CALM = 20;

/** What a value of a header may be put together from: devices, options, functions, and what separates them. */
const ATTACKS = [
  `IAX2/${OUTSIDE}/12345`,
  `SIP/${OUTSIDE}/1`,
  `SIP/1003@${OUTSIDE}`,
  `PJSIP/1003/sip:1@${OUTSIDE}`,
  "Local/1003@from-users",
  "G(from-users,1003,1)",
  "U(from-users^1003^1)",
  "${SHELL(id)}",
  "${PJSIP_DIAL_CONTACTS(1003)}",
  "$[1/0]",
  "1003",
  OUTSIDE,
  "outside.invalid",
];
const SEPARATORS = [
  "&",
  ",",
  "|",
  ")",
  "(",
  ";",
  "^",
  "/",
  "@",
  "=",
  "?",
  ":",
  "%26",
  "%2C",
  '"',
  "<",
  ">",
  "\\",
];

const text = fc
  .array(
    fc.oneof(
      { weight: 3, arbitrary: fc.constantFrom(...ATTACKS) },
      { weight: 3, arbitrary: fc.constantFrom(...SEPARATORS) },
      { weight: 1, arbitrary: fc.string({ unit: "binary", maxLength: 12 }) },
      { weight: 1, arbitrary: fc.nat(3000).map((length) => "9".repeat(length)) },
    ),
    { minLength: 1, maxLength: 6 },
  )
  // A line break begins another header, and a NUL ends the message: neither is part of a value.
  .map((parts) => parts.join("").replace(/[\r\n\0]/g, "_"));

const host = fc.constantFrom(
  "x",
  OUTSIDE,
  "outside.invalid",
  "192.168.0.77",
  "[2001:db8::66]",
  "localhost",
);
const uri = fc.oneof(
  host.map((at) => `sip:1002@x;maddr=${at}`),
  fc.tuple(text, host).map(([user, at]) => `sip:${user}@${at}`),
  fc.tuple(host, text).map(([at, value]) => `sip:1002@${at};x=${value}`),
  fc.tuple(host, text).map(([at, value]) => `sip:1002@${at}?Replaces=${value}`),
  fc
    .tuple(host, fc.constantFrom("udp", "tls", "ws", "tcp"))
    .map(([at, by]) => `sip:1@${at};transport=${by}`),
  fc
    .tuple(fc.constantFrom("sips", "tel", "http", "IAX2"), text)
    .map(([scheme, rest]) => `${scheme}:${rest}`),
);
const address = fc.oneof(
  { weight: 4, arbitrary: uri.map((inner) => `<${inner}>`) },
  { weight: 2, arbitrary: fc.tuple(text, uri).map(([name, inner]) => `"${name}" <${inner}>`) },
  { weight: 1, arbitrary: fc.tuple(uri, uri).map(([one, other]) => `<${one}>, <${other}>`) },
  { weight: 1, arbitrary: text },
);

const valuesOf = (kind: fc.Arbitrary<string>, salt: number): string[] =>
  fc.sample(kind, { seed: SEED + salt, numRuns: VALUES });

/** A phone that answers every call in the same way, and counts them. */
class Callee {
  count = 0;
  private status = 486;
  private headers: Outside["headers"] = {};

  constructor(readonly phone: RawPhone) {
    void this.answer();
  }

  /** From now on, answers with `status`; counts anew. */
  answers(status: number, contact?: string): void {
    this.status = status;
    this.headers = contact === undefined ? {} : { Contact: contact };
    this.count = 0;
  }

  private async answer(): Promise<void> {
    while (!this.phone.connection.isClosed) {
      const invite = await this.phone.ring(TEST_DEADLINE).catch(() => null);
      if (invite === null) continue;
      this.count++;
      this.phone.reply(invite, this.status, { headers: this.headers ?? {} });
    }
  }
}

describe.each(KINDS)("hostile values, with $name,", ({ kind }) => {
  let exchange: Exchange;
  let watchers: Awaited<ReturnType<typeof watch>>[];
  /** In zone1. */
  let alice: RawPhone;
  let erin: RawPhone;
  let bob: Callee;
  /** In zone2. */
  let carol: Callee;
  let dave: RawPhone;

  beforeAll(async () => {
    exchange = await Exchange.start({ zones: [kind, kind], configuration: { limits } });
    alice = await exchange.rawPhoneIn("zone1", "1001");
    erin = await exchange.rawPhoneIn("zone1", "1005");
    bob = new Callee(await exchange.rawPhoneIn("zone1", "1002"));
    carol = new Callee(await exchange.rawPhoneIn("zone2", "1003"));
    dave = await exchange.rawPhoneIn("zone2", "1004");
    const nodes = [exchange.plan.controller, ...exchange.plan.zones].map(({ fixedIp }) => fixedIp);
    const known = [...nodes, "192.168.0.1"].map((node) => `dst host ${node}`).join(" or ");
    // ARP asks for an address before a packet can be sent to it.
    const filter = `(ip or arp) and not (${known})`;
    watchers = await Promise.all(
      exchange.zones.map((zone) => watch(zone.namespace, "eth0", filter)),
    );
  }, IMAGES_DEADLINE);
  beforeEach(async () => {
    for (const callee of [bob, carol]) {
      callee.answers(486);
      await callee.phone.register();
    }
    for (const watcher of watchers) watcher.seen();
  });
  afterAll(async () => {
    await Promise.all(watchers.map((watcher) => watcher.stop()));
    await exchange.close();
  });

  /** Waits until all calls are over, and asserts that they went to phones and zones of the exchange alone. */
  async function nothingElseWasCalled(): Promise<void> {
    for (const zone of exchange.zones) {
      await eventually(`the end of all calls in ${zone.name}`, CALM, async () =>
        (await zone.cli("core show channels count")).includes("0 active channels") ? true : null,
      );
      const channels = (await zone.cdrs()).flatMap(({ channel, dialled }) => [channel, dialled]);
      const technology = kind.sipDriver === "pjsip" ? "PJSIP" : "SIP";
      const ours = new RegExp(`^(|${technology}/100[1-9]-[0-9a-f]+|IAX2/zone[12]-[0-9]+)$`);
      expect(channels.filter((channel) => !ours.test(channel))).toEqual([]);
    }
    expect(watchers.flatMap((watcher) => watcher.seen())).toEqual([]);
  }

  /** Calls, and returns the final answer, and how many milliseconds it took. */
  async function call(from: RawPhone, to: string): Promise<{ answer: SipMessage; ms: number }> {
    const began = performance.now();
    const answer = await from.final(await from.begin("INVITE", { to, body: OFFER }), GIVEN_UP);
    return { answer, ms: performance.now() - began };
  }

  describe.each([
    ["another device", `<sip:1002@x;x=a&IAX2/${OUTSIDE}/12345>`],
    ["a device in the user part", `<sip:q&IAX2/${OUTSIDE}/12345&PJSIP/1003@x>`],
    ["options of Dial", "<sip:q,1,G(from-users,1003,1)@x>"],
  ])("a Contact with %s", (_, contact) => {
    test("is not executed when its phone is called", async () => {
      await bob.phone.register({ headers: { Contact: contact } });

      await call(alice, "1002");

      await nothingElseWasCalled();
      expect(carol.count).toBe(0);
    });
  });

  // Of a URI with maddr (RFC 3261, 19.1.1), PJSIP connects with that host whatever rewrite_contact has made of
  // the rest. It ends at the zone's own firewall.
  test("a Contact with maddr connects the zone with no other host", async () => {
    const Contact = `<sip:1002@x;maddr=${OUTSIDE};transport=tcp>`;
    await bob.phone.register({ headers: { Contact } });
    await call(alice, "1002");
    await bob.phone.register();
    bob.answers(200, Contact);
    await call(alice, "1002");
    await exchange.zone("zone1").cli("channel request hangup all");

    await nothingElseWasCalled();
  });

  test.each([
    ["a host by IAX2", `<sip:IAX2/${OUTSIDE}/777@x>`],
    ["a host by SIP", `<sip:1@${OUTSIDE}>`],
    ["another user", "<sip:1003@x>"],
    ["another user's Local channel", "<sip:Local/1003%40from-users@x>"],
    ["a zone", "<sip:IAX2/zone2/1003@x>"],
  ])("a redirect to %s is heard as busy", async (_, contact) => {
    bob.answers(302, contact);

    const { answer, ms } = await call(alice, "1002");

    expect(answer.status).toBe(486);
    expect(ms).toBeLessThan(1_000);
    await nothingElseWasCalled();
    expect([bob.count, carol.count]).toEqual([1, 0]);
  });

  test("a redirect to oneself rings once", async () => {
    bob.answers(302, "<sip:1002@x>");

    const { answer } = await call(alice, "1002");

    expect(answer.status).toBe(486);
    expect(bob.count).toBe(1);
  });

  test("users who redirect to each other across zones make one call", async () => {
    bob.answers(302, "<sip:1003@x>");
    carol.answers(302, "<sip:1002@x>");

    const { answer } = await call(alice, "1002");

    expect(answer.status).toBe(486);
    await nothingElseWasCalled();
    expect([bob.count, carol.count]).toEqual([1, 0]);
  });

  test(`${String(7 * VALUES)} values (seed ${String(SEED)}) reach nobody else`, async () => {
    /** Calls with these headers; it need not come to anything. */
    const attempt = async (
      caller: RawPhone,
      to: string,
      headers: NonNullable<Outside["headers"]> = {},
    ): Promise<void> => {
      const answer = caller
        .begin("INVITE", { to, body: OFFER, headers })
        .then((invite) => caller.final(invite, BRIEFLY));
      await within(BRIEFLY, "an answer", answer).catch(() => undefined);
    };
    const inZone1 = async (): Promise<void> => {
      for (const Contact of valuesOf(address, 1)) {
        const answer = bob.phone.register({ headers: { Contact } });
        await within(BRIEFLY, "an answer", answer).catch(() => undefined);
        await attempt(alice, "1002");
      }
      await bob.phone.register();
      for (const contact of valuesOf(address, 2)) {
        bob.answers(302, contact);
        await attempt(alice, "1002");
      }
    };
    const inZone2 = async (): Promise<void> => {
      for (const name of valuesOf(text, 3)) {
        await attempt(dave, "1003", { From: `"${name}" ${dave.address};tag=${unique()}` });
      }
      for (const agent of valuesOf(text, 4)) await attempt(dave, "1003", { "User-Agent": agent });
    };
    const toZone2 = async (): Promise<void> => {
      for (const header of ["Refer-To", "Contact", "To"]) {
        for (const value of valuesOf(address, header.length)) {
          await attempt(erin, "1003", { [header]: value });
        }
      }
    };

    await Promise.all([inZone1(), inZone2(), toZone2()]);

    await nothingElseWasCalled();
    await exchange.serving();
    bob.answers(486);
    expect((await call(alice, "1002")).answer.status).toBe(486);
  });
});
