import fc from "fast-check";
import { within } from "../../phones/within";
import { OFFER, type Outside, type RawPhone } from "../support/raw-phone";
import { type SipMessage, unique } from "../support/raw-sip";
import { watch } from "./support/capture";
import { eventually } from "./support/eventually";
import { Exchange, IMAGES_DEADLINE, KINDS, TEST_DEADLINE } from "./support/exchange";

jest.setTimeout(2 * TEST_DEADLINE);

/** Host that the hostile values name, in a network that is never used (RFC 5737). */
const OUTSIDE = "203.0.113.66";
/** Seed of the random values. Any fixed seed gives the same values in each run. */
const SEED = 13;
/** Number of random values for each field. */
const VALUES = 75;

/** `pbx:limits` that are high enough not to affect these tests. */
const limits = {
  callsPerAccount: 500,
  callsPerMinute: 10_000,
  connectionsPerUnknownSource: 1_000,
  connectionRate: 1_000,
  bytesPerSecond: 100_000_000,
  failuresPerAccount: 100_000,
  failuresPerSource: 100_000,
};

/** Timeout of a request that may get no answer, in milliseconds. Asterisk drops messages that it cannot parse. */
const BRIEFLY = 200;
/** Somewhat more than the time until Asterisk gives up a call to an unreachable phone, in milliseconds. */
const GIVEN_UP = 9_000;
/** Deadline for a zone to end all calls, in seconds. */
const CALM = 20;

/** Parts of hostile header values: devices and options of Dial, functions, numbers and hosts. */
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
  // A line break starts another header, and a NUL ends the message, so neither can be part of a value.
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

/** Phone that answers all calls with the status that was set last, and counts the calls. */
class Callee {
  count = 0;
  private status = 486;
  private headers: Outside["headers"] = {};

  constructor(readonly phone: RawPhone) {
    void this.answer();
  }

  /** Answers all further calls with `status`, and resets the count. */
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

describe.each(KINDS)("with hostile values and $name,", ({ kind }) => {
  let exchange: Exchange;
  let watchers: Awaited<ReturnType<typeof watch>>[];
  /** Phones: those of Alice, Erin and Bob are registered in zone1, those of Carol and Dave in zone2. */
  let alice: RawPhone;
  let erin: RawPhone;
  let bob: Callee;
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
    // With ARP, the filter also sees attempts to reach an address that no host has.
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

  /**
   * Waits until all calls have ended. Asserts that all calls were between phones and zones of the exchange, and that
   * zones sent packets only to nodes of the exchange and to the router.
   */
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
    test("is not interpreted by Dial in a call to the phone", async () => {
      await bob.phone.register({ headers: { Contact: contact } });

      await call(alice, "1002");

      await nothingElseWasCalled();
      expect(carol.count).toBe(0);
    });
  });

  // If a URI has maddr (RFC 3261, 19.1.1), PJSIP connects to the host in maddr. rewrite_contact does not change maddr.
  // The zone's own firewall stops the connection.
  test("a Contact with maddr does not connect the zone to another host", async () => {
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
  ])("a redirect to %s gives the caller 486", async (_, contact) => {
    bob.answers(302, contact);

    const { answer, ms } = await call(alice, "1002");

    expect(answer.status).toBe(486);
    expect(ms).toBeLessThan(1_000);
    await nothingElseWasCalled();
    expect([bob.count, carol.count]).toEqual([1, 0]);
  });

  test("a phone that redirects calls to itself rings only once", async () => {
    bob.answers(302, "<sip:1002@x>");

    const { answer } = await call(alice, "1002");

    expect(answer.status).toBe(486);
    expect(bob.count).toBe(1);
  });

  test("if users in two zones redirect calls to each other, only the first of them is called", async () => {
    bob.answers(302, "<sip:1003@x>");
    carol.answers(302, "<sip:1002@x>");

    const { answer } = await call(alice, "1002");

    expect(answer.status).toBe(486);
    await nothingElseWasCalled();
    expect([bob.count, carol.count]).toEqual([1, 0]);
  });

  test(`${String(7 * VALUES)} random values (seed ${String(SEED)}) make no zone contact a host outside the exchange`, async () => {
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
