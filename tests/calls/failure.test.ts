import { SIP_PORT } from "../../core/ports";
import type { Phone } from "../../phones/phone";
import { sleep } from "../../phones/within";
import { SilentPhone } from "../support/silent-phone";
import { crowd } from "./support/crowd";
import { dialFrom } from "./support/dial";
import { eventually } from "./support/eventually";
import {
  CHAN_SIP_16,
  Exchange,
  IMAGES_DEADLINE,
  PJSIP_22,
  TEST_DEADLINE,
} from "./support/exchange";
import { unplug } from "./support/network";

jest.setTimeout(2 * TEST_DEADLINE);

/** Deadline for a change in HAProxy, in seconds. HAProxy checks every 2 s. After two failures, a zone is down. */
const NOTICED = 15;

const EXCHANGES = [
  { name: "pjsip", zones: [PJSIP_22, PJSIP_22] },
  { name: "chan_sip", zones: [CHAN_SIP_16, CHAN_SIP_16] },
];
/** Maximum time from the start of a call until the called phone gets the INVITE, in milliseconds. */
const PROMPTLY = 1_500;
/** Number of connections that one office opens at the same time, without a log-in. */
const MANY = 400;
/** Expiry that a phone requests, in seconds. */
const EXPIRES = 30;

describe.each(EXCHANGES)("in an exchange with $name,", ({ zones }) => {
  let exchange: Exchange;

  beforeAll(async () => {
    exchange = await Exchange.start({ zones });
  }, IMAGES_DEADLINE);
  afterEach(() => exchange.closePhones());
  afterAll(() => exchange.close());

  const becomes = (zone: string, status: string): Promise<true> =>
    eventually(`${zone} ${status} in HAProxy`, NOTICED, async () =>
      (await exchange.controller.status(zone)) === status ? true : null,
    );

  test.each([
    ["if its old connection is closed", (phone: Phone) => phone.kill()],
    [
      "if its old connection is dead",
      () => unplug(exchange.network.namespace("router"), "office4"),
    ],
  ])("a phone that moved is called in its new zone %s", async (_, disconnect) => {
    const alice = await exchange.phoneIn("zone1", "1001");
    const old = await exchange.phoneIn("zone1", "1002", { office: "office4" });
    await disconnect(old);
    const moved = await exchange.phoneIn("zone2", "1002");

    const [call] = await exchange.connect(alice, moved);
    await exchange.hear(alice, moved);
    await call.hangUp();
  });

  test("a user whose phone fails during a call and then registers in another zone is called in the new zone", async () => {
    const alice = await exchange.phoneIn("zone1", "1001");
    const bob = await exchange.phoneIn("zone1", "1003");
    const old = await exchange.phoneIn("zone1", "1002", { expires: EXPIRES });
    await exchange.connect(old, bob);
    await exchange.hear(old, bob);
    // zone1 ends the call only after minutes without media.
    await old.kill();
    const moved = await exchange.phoneIn("zone2", "1002");
    await eventually("the end of the registration in zone1", EXPIRES + NOTICED, async () =>
      (await exchange.zonesOf("1002")).includes("zone1") ? null : true,
    );

    const [call] = await exchange.connect(alice, moved);
    await exchange.hear(alice, moved);
    await call.hangUp();
  });

  test("a phone is called as soon as it has registered", async () => {
    const alice = await exchange.phoneIn("zone1", "1001");
    const dial = dialFrom(exchange.network.namespace("office2"));
    const account = {
      extension: "1004",
      secret: exchange.secretOf("1004"),
      server: exchange.controllerAddress,
      transport: "tcp" as const,
    };
    const phone = new SilentPhone(account, await dial(account.server, SIP_PORT));
    try {
      await phone.register();
      const call = await alice.call("1004");
      call.established.catch(() => undefined); // The silent phone does not answer.
      await phone.called(PROMPTLY);
      await call.hangUp();
    } finally {
      phone.close();
    }
  });

  test("a call to a phone that has disconnected gets 480", async () => {
    const alice = await exchange.phoneIn("zone1", "1001");
    const gone = await exchange.phoneIn("zone1", "1003");
    await gone.kill();

    const { established } = await alice.call("1003");

    await expect(established).rejects.toThrow("480");
  });

  test("a zone that accepts connections but does not answer SIP leaves the rotation", async () => {
    const zone = exchange.zone("zone2");
    await zone.signal("SIGSTOP");
    try {
      await exchange.noticedAsDown("zone2");
      expect([await exchange.options(), await exchange.options()]).toEqual([200, 200]);
    } finally {
      await zone.signal("SIGCONT");
    }
    await becomes("zone2", "UP");
    await exchange.serving();
  });

  test("a connection that HAProxy assigns to a zone that has just died goes to another zone", async () => {
    // With leastconn, zone2 gets the next connection, because zone2 has none.
    await exchange.phoneIn("zone1", "1001");
    const zone = exchange.zone("zone2");
    await zone.kill();

    expect(await exchange.options()).toBe(200);
    expect(await exchange.controller.status("zone2")).toMatch(/^UP/);

    await exchange.noticedAsDown("zone2");
    await zone.boot();
    await exchange.serving();
  });

  test("many connections that a known office opens at the same time are accepted", async () => {
    const { controller, controllerAddress, network } = exchange;
    const connected = async (): Promise<number> =>
      (await controller.backends()).reduce((sum, { current }) => sum + current, 0);
    // The registration makes the office known to the controller. An unknown office may have fewer connections.
    await exchange.registeredPhone("1005", { office: "office2" });
    const phones = crowd(network.namespace("office2"), controllerAddress, MANY);
    try {
      await eventually("many connections", NOTICED, async () =>
        (await connected()) >= MANY ? true : null,
      );
      // A zone that refuses a connection first accepts it, and then closes it.
      await sleep(1000);
      expect(await connected()).toBeGreaterThanOrEqual(MANY);
      await exchange.registeredPhone("1001");
    } finally {
      phones.kill("SIGKILL");
    }
  });

  test("phones of a dead zone register in another zone, and the zone serves again after its boot", async () => {
    const alice = await exchange.phoneIn("zone1", "1001");
    const bob = await exchange.phoneIn("zone2", "1002", { expires: 30 });
    const zone = exchange.zone("zone2");

    await zone.kill();
    await becomes("zone2", "DOWN");
    // A phone notices the end of its connection at its next registration.
    await bob.nextRegistration();
    await bob.registered();

    expect(await exchange.zone("zone1").registered()).toContain("1002");
    const [call] = await exchange.connect(alice, bob);
    await exchange.hear(alice, bob);
    await call.hangUp();

    await exchange.noticedAsDown("zone2");
    await zone.boot();
    await exchange.serving();
  });
});
