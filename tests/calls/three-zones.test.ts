import { OFFER } from "../support/raw-phone";
import {
  CHAN_SIP_16,
  Exchange,
  IMAGES_DEADLINE,
  PJSIP_16,
  PJSIP_22,
  TEST_DEADLINE,
} from "./support/exchange";

jest.setTimeout(TEST_DEADLINE);

const NAMES = ["zone1", "zone2", "zone3"] as const;
const PAIRS = NAMES.flatMap((from) => NAMES.map((to) => ({ from, to })));

describe("with three zones of different kinds,", () => {
  let exchange: Exchange;

  beforeAll(async () => {
    exchange = await Exchange.start({ zones: [CHAN_SIP_16, PJSIP_16, PJSIP_22] });
  }, IMAGES_DEADLINE);
  afterEach(() => exchange.closePhones());
  afterAll(() => exchange.close());

  test.each(PAIRS)("a call from $from to $to has media both ways", async ({ from, to }) => {
    const alice = await exchange.phoneIn(from, "1001");
    const bob = await exchange.phoneIn(to, "1002");

    const [call] = await exchange.connect(alice, bob);
    await exchange.hear(alice, bob);

    // In a call between two zones, the caller's zone has also called the remaining zone. That call has ended.
    expect(await exchange.trunkCalls()).toBe(from === to ? 0 : 2);
    await call.hangUp();
  });

  test.each(NAMES)("a call from %s to an absent user asks each other zone once", async (from) => {
    const others = NAMES.filter((name) => name !== from);
    const askedBefore = await Promise.all(others.map((name) => asked(name)));
    const alice = await exchange.phoneIn(from, "1001");

    const { established } = await alice.call("1008");

    await expect(established).rejects.toThrow("480");
    const askedAfter = await Promise.all(others.map((name) => asked(name)));
    expect(askedAfter).toEqual(askedBefore.map((count) => count + 1));
    expect(await exchange.trunkCalls()).toBe(0);
  });

  test.each(["zone2", "zone3"])(
    "the refusal of a callee in %s reaches the caller, although the callee has no phone in the other called zone",
    async (zone) => {
      const alice = await exchange.rawPhoneIn("zone1", "1001");
      const bob = await exchange.rawPhoneIn(zone, zone === "zone2" ? "1006" : "1007");
      for (const [said, heard] of [
        [603, 603],
        [486, 486],
        [488, 488],
      ] as const) {
        const to = bob.account.extension;
        const call = await alice.begin("INVITE", { to, body: OFFER });
        bob.reply(await bob.ring(), said);
        expect((await alice.final(call)).status).toBe(heard);
      }
      alice.close();
      bob.close();
    },
  );

  /** Returns the number of calls to 1008, the absent user, that a zone got over the trunk, from its CDRs. */
  async function asked(name: string): Promise<number> {
    const cdrs = await exchange.zone(name).cdrs();
    return cdrs.filter(({ destination, channel }) => {
      return destination === "1008" && channel.startsWith("IAX2/");
    }).length;
  }
});
