import { join } from "node:path";
import { digest } from "../support/digest";
import { OFFER } from "../support/raw-phone";
import { capture } from "./support/capture";
import { eventually } from "./support/eventually";
import { Exchange, IMAGES_DEADLINE, KINDS, TEST_DEADLINE } from "./support/exchange";
import { INTEROP } from "./support/interop";
import { Bench } from "./support/interop/bench";
import { CALLEE, CALLER, expected, ring, shown, THIRD } from "./support/interop/case";
import { benchExchange, type PlacedExchange } from "./support/interop/exchange";
import { type Office, PUBLIC } from "./support/network";
import type { TestZone } from "./support/zone";

jest.setTimeout(TEST_DEADLINE);

/** Number of requests for each of two accounts. */
const REQUESTS = 200;
/** Maximum difference between the median response times for two accounts, in milliseconds. */
const MILLISECOND = 1;

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;

/** Limits far above what these tests need. */
const LIMITS = {
  connectionsPerSource: 1_000,
  connectionsPerUnknownSource: 1_000,
  connectionRate: 1_000,
  bytesPerSecond: 10_000_000,
  loginTime: "30s",
  failuresPerAccount: 10_000,
  failuresPerSource: 10_000,
  callsPerAccount: 500,
  callsPerMinute: 10_000,
};

/** Number of 20 ms packets that prove that media flows. */
const HEARD = 25;
/** Deadline for a phone to send a second of speech, in seconds. */
const SPEECH = 10;

/** Returns the number of calls that a zone has had since its start, and the number of its CDRs. */
async function work(zone: TestZone): Promise<{ calls: string; records: number }> {
  const count = await zone.cli("core show channels count");
  const calls = /^(\d+) calls? processed$/m.exec(count)?.[1] ?? count;
  return { calls, records: (await zone.cdrs()).length };
}

describe.each(KINDS)("with $name,", ({ kind }) => {
  let exchange: Exchange;
  let placed: PlacedExchange;

  /** Captures the media that zones send to the phones of an office. */
  const mediaTowards = (office: Office) =>
    capture(
      exchange.network.namespace(office),
      "eth0",
      `udp and src net ${PUBLIC}.0/25`,
      join(exchange.folder, `${office}.pcap`),
    );

  let bench: Bench;

  beforeAll(async () => {
    exchange = await Exchange.start({ zones: [kind, kind], configuration: { limits: LIMITS } });
    placed = benchExchange(exchange);
    bench = new Bench(placed);
  }, IMAGES_DEADLINE);
  afterEach(async () => {
    await bench.clear();
    await exchange.closePhones();
  });
  afterAll(() => exchange.close());

  describe.each(INTEROP.map(({ title, cases }) => ({ title, cases })))("$title:", ({ cases }) => {
    test.each(cases.map((one) => ({ one, phone: one.phone })))(
      "a phone $phone",
      async ({ one }) => {
        const wanted = expected(one, kind.sipDriver);
        let outcome: string | null = null;
        try {
          outcome = await one.run(bench);
        } finally {
          if (outcome !== wanted) process.stdout.write(`${bench.transcript}\n`);
        }
        expect(outcome).toBe(wanted);
      },
    );
  });

  describe("without the right password,", () => {
    test.each(["healthcheck", "4711", "anonymous", CALLER])(
      "an INVITE from %s starts no call and leaves no call record",
      async (extension) => {
        const zone = exchange.zone("zone1");
        const phone = await bench.phone(extension, { register: false });
        const before = await work(zone);

        for (const secret of [null, "", "wrong"]) {
          const credentials = secret === null ? null : { extension, secret };
          const { status } = await phone.ask("INVITE", { to: CALLEE, body: OFFER, credentials });
          expect([401, 403]).toContain(status);
        }

        expect(await work(zone)).toEqual(before);
      },
    );

    test("the health check's OPTIONS is answered with 200", async () => {
      const check = await bench.phone("healthcheck", { register: false });
      const uri = "sip:zone1";
      expect((await check.ask("OPTIONS", { uri, credentials: null })).status).toBe(200);
    });

    test.each(["REGISTER", "SUBSCRIBE"])(
      "%s gets the same answer in about the same time for a user and for an account that does not exist",
      async (method) => {
        const answers = [CALLEE, "4711"].map(() => ({ text: new Set<string>(), times: [0] }));
        const phones = await Promise.all(
          [CALLEE, "4711"].map((extension) => bench.phone(extension, { register: false })),
        );
        for (let request = 0; request < REQUESTS; request++) {
          for (const [at, phone] of phones.entries()) {
            const started = performance.now();
            const answer =
              method === "REGISTER"
                ? await phone.register({ credentials: null })
                : await phone.ask(method, { credentials: null, headers: { Event: "presence" } });
            const { text, times } = answers[at] ?? { text: new Set(), times: [] };
            times.push(performance.now() - started);
            const challenge = answer.header("WWW-Authenticate");
            text.add(
              `${answer.startLine} ${challenge.replace(/(nonce|opaque)="\w+[^"]*"/g, "$1")}`,
            );
          }
        }
        const [user, stranger] = answers;
        expect([...(user?.text ?? [])]).toEqual([...(stranger?.text ?? [])]);
        expect(user?.text.size).toBe(1);
        const difference = median(user?.times ?? []) - median(stranger?.times ?? []);
        expect(Math.abs(difference)).toBeLessThan(MILLISECOND);
      },
    );
  });

  describe("a log-in", () => {
    const anonymous = { From: '"Anonymous" <sip:anonymous@anonymous.invalid>;tag=anonymous' };

    test("identifies and authenticates a caller that withholds its number", async () => {
      const callee = await bench.phone(CALLEE);
      const guesser = await bench.phone(CALLER, { register: false });
      const guess = { extension: CALLER, secret: "wrong" };
      const wrong = { to: CALLEE, body: OFFER, headers: anonymous, credentials: guess };
      expect([401, 403]).toContain((await guesser.ask("INVITE", wrong)).status);

      const caller = await bench.phone(THIRD, { register: false });
      const right = { to: CALLEE, body: OFFER, headers: anonymous };
      await caller.begin("INVITE", right);
      expect(shown(await callee.ring())).toBe(THIRD);
    });

    test("with the password of one account is refused for another account", async () => {
      await bench.phone(CALLEE);
      const phone = await bench.phone(THIRD, { register: false });
      const uri = `sip:${CALLEE}@${phone.server}`;
      const From = `<sip:${CALLER}@${phone.server}>;tag=other`;
      const inviting = { to: CALLEE, body: OFFER, headers: { From }, credentials: null };
      const challenge = await phone.ask("INVITE", inviting);

      // Claims the other account with the phone's own password.
      const claim = { ...phone.account, extension: CALLER };
      const Authorization = digest(claim, "INVITE", uri, challenge.header("WWW-Authenticate"));
      const headers = { From, Authorization };
      const { status } = await phone.ask("INVITE", { ...inviting, headers });
      expect([401, 403]).toContain(status);
    });

    test("decides which user is shown as the caller", async () => {
      const { invite } = await ring(bench, {
        headers: {
          "P-Asserted-Identity": '"Mallory" <sip:4711@192.0.2.66>',
          "Remote-Party-ID": '"Mallory" <sip:4711@192.0.2.66>;party=calling;screen=yes',
        },
      });
      expect(invite.header("From")).toMatch(/^"Alice" <sip:1001@/);
    });
  });

  describe("after a transfer by one of three phones, the other two phones hear each other", () => {
    test.each([
      { transfer: "blind", zones: ["zone1", "zone1", "zone1"] },
      { transfer: "blind", zones: ["zone1", "zone2", "zone1"] },
      { transfer: "attended", zones: ["zone1", "zone1", "zone1"] },
      { transfer: "attended", zones: ["zone1", "zone2", "zone1"] },
    ] as const)("($transfer, phones in $zones)", async ({ transfer, zones: [ofA, ofB, ofC] }) => {
      await placed.release();
      const alice = await exchange.phoneIn(ofA, "1004");
      const carol = await exchange.phoneIn(ofC, "1006", { office: "office2" });
      const bob = await bench.phone("1005", { zone: ofB });

      await alice.call("1005");
      const ofAlice = await bob.pickUp(await bob.ring());
      await placed.joined();
      const consultation = transfer === "blind" ? null : await bob.call("1006");
      await placed.joined();
      // 1004 gets no media yet, because 1005 sends none.
      const media = await Promise.all((["office1", "office2"] as const).map(mediaTowards));
      const target = consultation === null ? "" : `?Replaces=${consultation.replaces}`;
      const headers = { "Refer-To": `<sip:1006@${bob.server}${target}>` };
      expect((await bob.askInside(ofAlice, "REFER", { headers })).status).toBe(202);

      const spoken = async (): Promise<number> => (await carol.currentCall?.counters())?.sent ?? 0;
      const before = await spoken();
      await eventually("a second of speech from 1006", SPEECH, async () =>
        (await spoken()) > before + 2 * HEARD ? true : null,
      );
      for (const one of media) expect((await one.stop()).length).toBeGreaterThan(HEARD);
      await bob.askInside(ofAlice, "BYE");
      await alice.currentCall?.hangUp();
      await carol.currentCall?.closed;
    });
  });
});
