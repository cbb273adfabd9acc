import { CallRefused } from "../../phones/call";
import { RegistrationRefused } from "../../phones/phone";
import {
  CHAN_SIP_16,
  Exchange,
  IMAGES_DEADLINE,
  PJSIP_16,
  PJSIP_22,
  TEST_DEADLINE,
  type ZoneKind,
} from "./support/exchange";
import { parseLog } from "./support/zone";

const kindOf = ({ image, sipDriver }: ZoneKind): string => `${sipDriver} on ${image}`;

/** Zones of each exchange: two equal zones for each supported pair of image and driver, and two different zones. */
const EXCHANGES = [
  [PJSIP_22, PJSIP_22],
  [PJSIP_16, PJSIP_16],
  [CHAN_SIP_16, CHAN_SIP_16],
  [CHAN_SIP_16, PJSIP_22],
].map((zones) => ({ zones, name: zones.map(kindOf).join(" and ") }));

jest.setTimeout(TEST_DEADLINE);

/** Parts of the warnings that Asterisk may log. */
const EXPECTED = [
  // chan_sip logs its deprecation at every start.
  "Module 'chan_sip' has been loaded but will be deprecated",
  // PJSIP logs this for requests, such as HAProxy's checks, that arrive while its modules load.
  "registered during operation. Enable PJSIP_SAFE_MODULE",
];

describe.each(EXCHANGES)("with $name,", ({ zones }) => {
  let exchange: Exchange;

  beforeAll(async () => {
    exchange = await Exchange.start({ zones });
  }, IMAGES_DEADLINE);
  afterEach(() => exchange.closePhones());
  afterAll(() => exchange.close());

  test("Asterisk starts without unexpected warnings or errors", async () => {
    for (const zone of exchange.zones) {
      const complaints = parseLog(await zone.log())
        .filter(({ level }) => ["WARNING", "ERROR"].includes(level))
        .filter(({ message }) => !EXPECTED.some((complaint) => message.includes(complaint)));
      expect(await zone.log()).toMatch(/^\[.*\] Asterisk \d/);
      expect(complaints).toEqual([]);
    }
  });

  test("the Asterisk of zone1 has every application and function of the dialplan", async () => {
    const zone = exchange.zone("zone1");
    const dialplan = (await zone.read("/etc/asterisk/extensions.conf")).replace(/^;.*$/gm, "");
    const names = new Set(Array.from(dialplan.matchAll(/\b(\w+)\(/g), ([, name = ""]) => name));
    // `n(end)` is a priority with a label, not an application.
    names.delete("n");
    const loaded = await Promise.all(
      ["core show applications", "core show functions"].map((command) => zone.cli(command)),
    );
    const missing = [...names].filter(
      (name) => !new RegExp(`^\\s*${name}\\b`, "im").test(loaded.join("\n")),
    );
    expect(names).toContain("Dial");
    expect(missing).toEqual([]);
  });

  test("OPTIONS through the controller is answered with 200", async () => {
    expect(await exchange.options()).toBe(200);
  });

  test("phones register only in the zone that their connection goes to", async () => {
    await exchange.phoneIn("zone1", "1001");
    await exchange.phoneIn("zone2", "1002");

    expect(await exchange.zonesOf("1001")).toEqual(["zone1"]);
    expect(await exchange.zonesOf("1002")).toEqual(["zone2"]);
  });

  test.each(["zone1", "zone2"])("a call inside %s does not use the trunk", async (name) => {
    const alice = await exchange.phoneIn(name, "1001");
    const bob = await exchange.phoneIn(name, "1002");

    const [call] = await exchange.connect(alice, bob);
    await exchange.hear(alice, bob);
    await call.hangUp();

    expect(await exchange.trunkCalls()).toBe(0);
  });

  test.each([
    ["zone1", "zone2"],
    ["zone2", "zone1"],
  ])("either side can end a call from %s to %s", async (from, to) => {
    const alice = await exchange.phoneIn(from, "1001");
    const bob = await exchange.phoneIn(to, "1002");

    for (const end of [0, 1] as const) {
      const ends = await exchange.connect(alice, bob);
      await exchange.hear(alice, bob);
      expect(await exchange.trunkCalls()).toBe(2);

      await ends[end].hangUp();
      await Promise.all(ends.map(({ closed }) => closed));
    }
  });

  test("a callee in the other zone gets the caller's number with the controller's address", async () => {
    const alice = await exchange.phoneIn("zone1", "1001");
    const bob = await exchange.phoneIn("zone2", "1002");

    const [, ringing] = await exchange.connect(alice, bob);

    expect(ringing.peer).toBe(`sip:1001@${exchange.controllerAddress}`);
  });

  test.each([
    ["1001", "Alice"],
    ["1003", "1003"],
  ])("caller %s is shown as %s, although the phone sends another name", async (extension, name) => {
    const caller = await exchange.phoneIn("zone1", extension, { displayName: "Bob" });
    for (const zone of ["zone1", "zone2"]) {
      const callee = await exchange.phoneIn(zone, "1004");
      const [call, ringing] = await exchange.connect(caller, callee);
      expect(ringing.peerName).toBe(name);
      await call.hangUp();
      await callee.close();
    }
  });

  test("a wrong password is refused", async () => {
    const phone = await exchange.phone("1009", { secret: "wrong" });

    await expect(phone.registered()).rejects.toThrow(RegistrationRefused);
    expect(await exchange.zonesOf("1009")).toEqual([]);
  });

  test("an unknown account is refused like a wrong password", async () => {
    const phone = await exchange.phone("4711", { secret: "guessed" });

    await expect(phone.registered()).rejects.toThrow(RegistrationRefused);
  });

  test.each([
    ["a number without a user", "1999", "404 Not Found"],
    ["a user whose phone is not registered", "1005", "480 Temporarily"],
  ])("a call to %s is refused long before the ring timeout", async (_, extension, answer) => {
    const alice = await exchange.phoneIn("zone1", "1001");

    const started = performance.now();
    const { established } = await alice.call(extension);
    await expect(established).rejects.toThrow(CallRefused);
    await expect(established).rejects.toThrow(answer);

    // A call that rings without an answer takes the whole ring timeout.
    expect(performance.now() - started).toBeLessThan(1000 * (exchange.plan.ringTimeout / 2));
  });

  test.each([
    ["an option that changes the caller's number", "1002,+0,f(1000)"],
    ["another device", "1005%29%3A0%3A99&IAX2%2Fzone2%2F1002"],
  ])("a call to a number that Dial would read as %s gets 404", async (_, number) => {
    const alice = await exchange.phoneIn("zone1", "1001");
    const bob = await exchange.phoneIn("zone2", "1002");
    let rung = false;
    bob.once("call", () => (rung = true));

    const { established } = await alice.call(`sip:${number}@${exchange.controllerAddress}`);

    await expect(established).rejects.toThrow("404 Not Found");
    expect(rung).toBe(false);
  });

  test.each(["zone1", "zone2"])("a call to a busy phone in %s gets 486", async (name) => {
    const alice = await exchange.phoneIn("zone1", "1001");
    const carol = await exchange.phoneIn("zone1", "1003");
    const bob = await exchange.phoneIn(name, "1002");
    await exchange.connect(alice, bob);

    const { established } = await carol.call("1002");

    await expect(established).rejects.toThrow("486 Busy");
  });
});
