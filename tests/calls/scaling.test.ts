import type { Phone } from "../../phones/phone";
import { PHONES_PER_ZONE } from "../../plan/capacity";
import { undisturbed, CallMonitor } from "./support/call-monitor";
import { eventually } from "./support/eventually";
import { Exchange, IMAGES_DEADLINE, KINDS, TEST_DEADLINE, USERS } from "./support/exchange";
import { Stack } from "./support/stack";

jest.setTimeout(3 * TEST_DEADLINE);

/** Expiry that the phones request, in seconds. An idle phone of a drained zone moves within this time. */
const EXPIRES = 30;
/** Additional seconds for a phone that moves, because the phone opens a connection before it registers. */
const SLACK = 5;

describe.each(KINDS)("an exchange, with $name,", ({ kind, usersFile }) => {
  let exchange: Exchange;
  let stack: Stack;
  /** Call between Alice and Bob in zone1, the zone that stays. */
  let monitor: CallMonitor;
  let alice: Phone;
  let bob: Phone;
  /** Phone in zone1 for other calls. */
  let carol: Phone;

  const phone = (zone: string, extension: string): Promise<Phone> =>
    exchange.phoneIn(zone, extension, { expires: EXPIRES });

  async function usersOf(zone: string): Promise<string[]> {
    const file = await exchange.zone(zone).read(`/etc/asterisk/${usersFile.name}`);
    return Array.from(file.matchAll(usersFile.user), ([, user = ""]) => user);
  }

  async function talk(caller: Phone, callee: Phone): Promise<void> {
    const [outgoing, incoming] = await exchange.connect(caller, callee);
    await exchange.hear(caller, callee);
    await outgoing.hangUp();
    await incoming.closed;
  }

  beforeAll(async () => {
    exchange = await Exchange.start({ zones: [kind] });
    stack = await Stack.of(exchange, kind);
    alice = await phone("zone1", "1001");
    bob = await phone("zone1", "1002");
    carol = await phone("zone1", "1003");
    monitor = await CallMonitor.between(exchange, alice, bob);
  }, IMAGES_DEADLINE);
  afterAll(() => exchange.close());

  test.each([2, 3])(
    "grows to %d zones, and phones in zone1 and in the new zone can call each other",
    async (zones) => {
      await stack.up({ zones });

      const newest = `zone${String(zones)}`;
      const server = (await exchange.controller.backends()).find(({ name }) => name === newest);
      expect(server).toMatchObject({ status: "UP", limit: PHONES_PER_ZONE });
      const dave = await phone(newest, "1004");
      await talk(carol, dave);
      await talk(dave, carol);
      await dave.close();
    },
  );

  test("removes a zone only after its calls have ended", async () => {
    const [dave, erin, frank] = [
      await phone("zone3", "1004"),
      await phone("zone3", "1005"),
      await phone("zone3", "1006"),
    ];
    const local = await CallMonitor.between(exchange, dave, erin);
    let isDone = false;

    const shrinking = stack.up({ zones: 2 }).then(() => (isDone = true));
    await eventually("1006 in another zone", EXPIRES + SLACK, async () =>
      (await exchange.zonesOf("1006")).some((zone) => zone !== "zone3") ? true : null,
    );
    await talk(carol, frank);
    expect(isDone).toBe(false);
    expect(await local.result()).toEqual(undisturbed());
    await local.hangUp();

    await shrinking;
    expect((await exchange.controller.backends()).map(({ name }) => name)).toEqual([
      "zone1",
      "zone2",
    ]);
    for (const zone of exchange.zones) expect(await zone.trunkIsUp(1)).toBe(true);
    await exchange.closePhones(alice, bob, carol);
  });

  test("keeps a zone whose calls outlast the drain timeout", async () => {
    const [dave, erin] = [await phone("zone2", "1004"), await phone("zone1", "1005")];
    const across = await CallMonitor.between(exchange, dave, erin);

    const users = [{ range: "1001-1008" }];
    await expect(stack.up({ zones: 1, drainTimeout: "2s", users })).rejects.toThrow(
      "zone2: 1 call still going after 2 s; the zone stays in service",
    );
    expect(await usersOf("zone1")).not.toContain("1009");

    expect(await exchange.controller.status("zone2")).toBe("UP");
    await talk(carol, await phone("zone2", "1006"));
    expect(await across.result()).toEqual(undisturbed());
    await across.hangUp();

    // The next update restores what the failed update changed before the drain.
    await stack.up({ zones: 2, users: USERS });
    expect(await usersOf("zone1")).toContain("1009");
    expect(await stack.refresh()).toEqual([]);
    await exchange.closePhones(alice, bob, carol);
  });

  test("removes a zone whose server was never built", async () => {
    await stack.upWithoutServer();
    expect((await exchange.controller.backends()).map(({ name }) => name)).toContain("zone3");

    await stack.up();
    expect((await exchange.controller.backends()).map(({ name }) => name)).toEqual([
      "zone1",
      "zone2",
    ]);
  });

  test("can keep a zone after its removal failed because the disk of another node was full", async () => {
    const makeRoom = await exchange.zone("zone1").fillEtc();
    try {
      await expect(stack.up({ zones: 1 })).rejects.toThrow("No space left on device");
    } finally {
      await makeRoom();
    }
    await stack.up({ zones: 2 });
    expect(await exchange.controller.status("zone2")).toBe("UP");
    await talk(carol, await phone("zone2", "1006"));
    await exchange.closePhones(alice, bob, carol);
  });

  test("cuts the calls of a zone and removes the zone if drainForce is set, and reports the number of calls", async () => {
    const [dave, erin] = [await phone("zone2", "1004"), await phone("zone1", "1005")];
    const [call] = await exchange.connect(dave, erin);

    await stack.up({ zones: 1, drainForce: true });

    await call.closed;
    expect(stack.transcript.messages).toContainEqual(expect.stringMatching(/^zone2: 1 call cut/));
    expect(exchange.zones.map(({ name }) => name)).toEqual(["zone1"]);
    expect((await exchange.controller.backends()).map(({ name }) => name)).toEqual(["zone1"]);
  });

  test("does not disturb the call in the zone that stays", async () => {
    expect(await monitor.result()).toEqual(undisturbed());
    await monitor.hangUp(1);
  });
});
