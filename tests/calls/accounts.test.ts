import { OFFER, type Outside, type RawPhone, type Sent } from "../support/raw-phone";
import { type SipMessage, unique } from "../support/raw-sip";
import { undisturbed, CallMonitor } from "./support/call-monitor";
import { eventually } from "./support/eventually";
import {
  CHAN_SIP_16,
  Exchange,
  IMAGES_DEADLINE,
  PJSIP_22,
  TEST_DEADLINE,
} from "./support/exchange";
import { Stack } from "./support/stack";

jest.setTimeout(2 * TEST_DEADLINE);

const EXCHANGES = [
  { name: "pjsip", zones: [PJSIP_22, PJSIP_22] },
  { name: "chan_sip", zones: [CHAN_SIP_16, CHAN_SIP_16] },
  { name: "pjsip and chan_sip", zones: [PJSIP_22, CHAN_SIP_16] },
];

const LIMITS = {
  callsPerAccount: 2,
  // One test starts a hundred calls at the same time.
  callsPerMinute: 1_000,
  // All phones connect from one address, which is unknown to the controller at first.
  connectionsPerUnknownSource: 1_000,
};
/** Ring timeout, in seconds. */
const RING_TIMEOUT = 5;
const CONFIGURATION = { limits: LIMITS, ringTimeout: RING_TIMEOUT };
/** Deadline for a zone to end a call, in seconds. */
const SOON = 10;
/** Deadline for a final answer, in milliseconds: twice the ring timeout. */
const FINAL = 2_000 * RING_TIMEOUT;

describe.each(EXCHANGES)("in an exchange with $name,", ({ zones }) => {
  let exchange: Exchange;
  /** Phones: Alice's and Bob's are registered in zone1, Carol's in zone2. */
  let alice: RawPhone;
  let bob: RawPhone;
  let carol: RawPhone;

  beforeAll(async () => {
    exchange = await Exchange.start({ zones, configuration: CONFIGURATION });
    alice = await exchange.rawPhoneIn("zone1", "1001");
    bob = await exchange.rawPhoneIn("zone1", "1002");
    carol = await exchange.rawPhoneIn("zone2", "1003");
  }, IMAGES_DEADLINE);
  afterEach(async () => {
    for (const zone of exchange.zones) {
      await zone.cli("channel request hangup all");
      await eventually(`no call in ${zone.name}`, SOON, async () =>
        (await zone.cli("core show channels count")).includes("0 active channels") ? true : null,
      );
    }
    await exchange.closePhones();
  });
  afterAll(() => exchange.close());

  const invite = (from: RawPhone, to: string, headers: Outside["headers"] = {}): Promise<Sent> =>
    from.begin("INVITE", { to, body: OFFER, headers });

  const call = async (from: RawPhone, to: string): Promise<SipMessage> =>
    from.final(await invite(from, to), FINAL);

  /** Returns the number of calls that zone2 got over the trunk, from its CDRs. */
  const asked = async (): Promise<number> =>
    (await exchange.zone("zone2").cdrs()).filter(({ channel }) => channel.startsWith("IAX2/"))
      .length;

  const routes = [
    {
      route: "in zone1",
      callerOf: () => alice,
      calleeOf: () => bob,
      shownAs: '"Alice" <sip:1001@',
    },
    {
      route: "from zone1 to zone2",
      callerOf: () => alice,
      calleeOf: () => carol,
      shownAs: '"Alice" <sip:1001@',
    },
    {
      route: "from zone2 to zone1",
      callerOf: () => carol,
      calleeOf: () => bob,
      shownAs: '"1003" <sip:1003@',
    },
  ];
  // With equal zones, one direction between zones is enough. With different zones, calls inside a zone are left out.
  const [one, other] = zones;
  const different = one === other ? routes.slice(0, 2) : routes.slice(1);

  describe.each(different)("on a call $route, a caller", ({ callerOf, calleeOf, shownAs }) => {
    test.each([
      ["no name", {}],
      ["the name of another user", { From: "Bob" }],
      ["an anonymous name", { From: "Anonymous", Privacy: "id" }],
      [
        "another user's identity in P-Asserted-Identity",
        { "P-Asserted-Identity": '"Bob" <sip:1002@x>' },
      ],
      [
        "another user's identity in P-Preferred-Identity",
        { "P-Preferred-Identity": '"Bob" <sip:1002@x>' },
      ],
      [
        "another user's identity in Remote-Party-ID",
        { "Remote-Party-ID": '"Bob" <sip:1002@x>;party=calling;screen=yes' },
      ],
      ["a private Remote-Party-ID", { "Remote-Party-ID": "<sip:1001@x>;privacy=full" }],
      [
        "another user's identity in Diversion",
        { Diversion: '"Bob" <sip:1002@x>;reason=unconditional' },
      ],
    ])("that sends %s is shown as its account", async (__, claims: Outside["headers"]) => {
      const callee = calleeOf();
      const name = claims?.From;
      const from = `${callerOf().address};tag=${unique()}`;
      const headers = {
        ...claims,
        ...(typeof name === "string" ? { From: `"${name}" ${from}` } : {}),
      };
      const sent = await invite(callerOf(), callee.account.extension, headers);
      const shown = await callee.ring();
      callee.reply(shown, 486);
      await callerOf().final(sent);

      expect(shown.header("From")).toContain(`${shownAs}${exchange.controllerAddress}>;tag=`);
      const others = ["P-Asserted-Identity", "Remote-Party-ID", "Privacy", "Diversion"];
      expect(others.map((header) => shown.header(header))).toEqual(["", "", "", ""]);
    });

    // PJSIP takes the account from From, and refuses the log-in. chan_sip takes the account from the log-in.
    test("that sends the number of another user is refused or shown as its own account", async () => {
      const callee = calleeOf();
      const From = `"Bob" <sip:1002@${exchange.controllerAddress}>;tag=${unique()}`;
      const sent = await invite(callerOf(), callee.account.extension, { From });
      const shown = await callee.ring(500).catch(() => null);
      if (shown !== null) callee.reply(shown, 486);
      const { status } = await callerOf().final(sent);

      if (shown === null) expect([401, 403]).toContain(status);
      else expect(shown.header("From")).toContain(`${shownAs}${exchange.controllerAddress}>;tag=`);
    });

    test.each([
      ["is busy", 486, 486],
      ["is busy everywhere", 600, 486],
      ["declines", 603, 603],
      ["forbids the call", 403, 603],
      ["cannot accept the offer", 488, 488],
      ["can accept no offer", 606, 488],
      ["does not want to be disturbed", 480, 480],
      ["times out", 408, 408],
      ["has an error", 500, 500],
      ["does not know the user", 404, 480],
    ])("calling a callee that %s (%i) gets %i", async (__, said, heard) => {
      const sent = await invite(callerOf(), calleeOf().account.extension);
      const began = performance.now();
      calleeOf().reply(await calleeOf().ring(), said);
      const answer = await callerOf().final(sent);

      expect(answer.status).toBe(heard);
      expect(performance.now() - began).toBeLessThan(1_000);
    });

    test("calling a callee that rings and does not answer gets 480", async () => {
      const sent = await invite(callerOf(), calleeOf().account.extension);
      const began = performance.now();
      calleeOf().reply(await calleeOf().ring(), 180);

      expect((await callerOf().final(sent, FINAL)).status).toBe(480);
      expect((performance.now() - began) / RING_TIMEOUT).toBeLessThan(1_400);
    });
  });

  test("after a callee's phone answers 486, 603, 403, 488, 480, 408, 500 or 302, no other zone is asked for the user", async () => {
    const before = await asked();
    for (const status of [486, 603, 403, 488, 480, 408, 500, 302]) {
      const sent = await invite(alice, "1002");
      bob.reply(await bob.ring(), status);
      await alice.final(sent);
    }
    expect(await asked()).toBe(before);

    // No phone of 1008 is registered in zone1, so zone2 is asked.
    expect((await call(alice, "1008")).status).toBe(480);
    expect(await asked()).toBe(before + 1);
  });

  test("a phone that calls its own number gets 486 and does not ring", async () => {
    expect((await call(alice, "1001")).status).toBe(486);
    await expect(alice.ring(200)).rejects.toThrow();
  });

  test.each([16, 100])("a call to a number of %i digits gets 404", async (digits) => {
    expect((await call(alice, "1".repeat(digits))).status).toBe(404);
  });

  test("callsPerAccount limits the simultaneous calls that an account places, not those it receives", async () => {
    const first = await invite(alice, "1002");
    const toBob = await bob.ring();
    const second = await invite(alice, "1003");
    await carol.ring();

    expect((await call(alice, "1002")).status).toBe(403);

    const received = await invite(bob, "1001");
    await alice.ring();
    bob.reply(toBob, 486);
    await alice.final(first);
    const third = await invite(alice, "1002");
    bob.reply(await bob.ring(), 486);
    expect((await alice.final(third)).status).toBe(486);
    alice.cancel(second);
    bob.cancel(received);
    expect((await alice.final(second)).status).toBe(487);
    expect((await bob.final(received)).status).toBe(487);
  });

  test("an account that starts a hundred calls at the same time does not block other accounts", async () => {
    const calls = await Promise.all(Array.from({ length: 100 }, () => invite(alice, "1003")));
    const refused = await Promise.all(
      calls.map((sent) =>
        alice.final(sent, 1_000).then(
          ({ status }) => status === 403,
          () => false,
        ),
      ),
    );
    expect(refused.filter(Boolean)).toHaveLength(100 - LIMITS.callsPerAccount);
    for (let rings = 0; rings < LIMITS.callsPerAccount; rings++) await carol.ring();
    await expect(carol.ring(200)).rejects.toThrow();

    const sent = await invite(bob, "1001");
    alice.reply(await alice.ring(), 486);
    expect((await bob.final(sent)).status).toBe(486);
  });

  describe("a call over the trunk", () => {
    // The module has the console command `channel originate`, which places the calls of these tests.
    beforeAll(() => exchange.zone("zone1").cli("module load res_clioriginate.so"));

    test.each([
      [1, "rings"],
      [4, "rings"],
      [5, "is refused"],
    ])("that arrives on trunk leg number %i %s", async (hops, outcome) => {
      const steps = [`Set(IAXVAR(HOPS)=${String(hops)})`, "Dial(IAX2/zone2/1003)"];
      const zone = exchange.zone("zone1");
      for (const [index, step] of steps.entries()) {
        const extension = `7,${String(index + 1)},${step}`;
        await zone.cli(`dialplan add extension ${extension} into far replace`);
      }
      await zone.cli("channel originate Local/7@far application Wait 5");

      if (outcome === "rings") carol.reply(await carol.ring(), 486);
      else await expect(carol.ring(1_000)).rejects.toThrow();
    });
  });

  if (one !== undefined && one === other) {
    test("a new callsPerMinute reaches running zones by a dialplan reload, without disturbing a call", async () => {
      const caller = await exchange.phoneIn("zone1", "1005");
      const callee = await exchange.phoneIn("zone2", "1006");
      const stack = await Stack.of(exchange, one, CONFIGURATION);
      const monitor = await CallMonitor.between(exchange, caller, callee);
      const limited = async (callsPerMinute: number): Promise<void> => {
        await stack.up({ limits: { ...LIMITS, callsPerMinute } });
        expect(stack.transcript.messages).toEqual(
          ["zone1", "zone2"].map(
            (zone) => `${zone}: change of dialplan (extensions.conf): reload only, calls go on`,
          ),
        );
      };
      /** Calls a number without a user `count` times, and returns the statuses. callsPerMinute counts such calls. */
      const attempts = async (phone: RawPhone, count: number): Promise<(number | null)[]> => {
        const answers: (number | null)[] = [];
        while (answers.length < count) answers.push((await call(phone, "1999")).status);
        return answers;
      };

      await limited(5);
      expect(await attempts(bob, 6)).toEqual([404, 404, 404, 404, 404, 403]);
      expect(await attempts(carol, 1)).toEqual([404]);
      await limited(500);
      expect(await attempts(bob, 2)).toEqual([404, 404]);

      expect(await monitor.result()).toEqual(undisturbed());
      await monitor.hangUp();
    });
  }
});
