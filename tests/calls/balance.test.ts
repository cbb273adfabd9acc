import { once } from "node:events";
import { SIP_PORT } from "../../core/ports";
import type { Balance } from "../../core/telephony";
import { sleep, within } from "../../phones/within";
import { PHONES_PER_ZONE } from "../../plan/capacity";
import type { Backend } from "./support/controller";
import { crowd } from "./support/crowd";
import { dialFrom } from "./support/dial";
import { eventually } from "./support/eventually";
import {
  type Configuration,
  Exchange,
  IMAGES_DEADLINE,
  PJSIP_22,
  TEST_DEADLINE,
} from "./support/exchange";
import { OFFICES, type Office } from "./support/network";

jest.setTimeout(TEST_DEADLINE);

/** Deadline for filling a zone with connections, in seconds. */
const CONNECT = 10;
/** Duration of several HAProxy checks, in seconds. */
const CHECKS = 8;
/** Somewhat more than the time that a new connection may be silent, in milliseconds. */
const SILENCE = 8_000;
/** Limit that the last test does not reach. All connections of that test come from one address. */
const MANY = 2_000;

/** Sets up an exchange of two zones. `landing` opens a connection, and returns the zone that HAProxy chose. */
function balanced(
  balance: Balance,
  configuration: Configuration = {},
): {
  exchange: () => Exchange;
  landing: (office?: Office) => Promise<string | undefined>;
} {
  let exchange: Exchange;

  beforeAll(async () => {
    exchange = await Exchange.start({
      zones: [PJSIP_22, PJSIP_22],
      configuration: { balance, ...configuration },
    });
  }, IMAGES_DEADLINE);
  afterAll(() => exchange.close());

  return {
    exchange: () => exchange,
    async landing(office) {
      const before = await exchange.controller.backends();
      await exchange.options(office);
      const after = await exchange.controller.backends();
      return after.find(({ total }, index) => total > (before[index]?.total ?? 0))?.name;
    },
  };
}

describe("HAProxy with balance roundrobin", () => {
  const { exchange, landing } = balanced("roundrobin");

  test("gives new connections to the zones in turn", async () => {
    const first = await landing();
    const second = await landing();

    expect([first, second].sort()).toEqual(["zone1", "zone2"]);
    expect([await landing(), await landing()]).toEqual([first, second]);
  });

  test("closes a silent connection, and never forwards the connection to a zone", async () => {
    const { controller, controllerAddress, network } = exchange();
    const served = async (): Promise<number[]> =>
      (await controller.backends()).map(({ total }) => total);
    const before = await served();
    const silent = await dialFrom(network.namespace("office1"))(controllerAddress, SIP_PORT);
    silent.on("error", () => undefined); // An error after the end is not a failure.
    await within(SILENCE, "the end of a silent connection", once(silent.resume(), "end"));
    expect(await served()).toEqual(before);
  });
});

describe("HAProxy with balance leastconn", () => {
  const { exchange, landing } = balanced("leastconn");

  test("gives new connections to the zone with the fewest connections", async () => {
    await exchange().phoneIn("zone1", "1001");
    await exchange().phoneIn("zone1", "1002");

    expect([await landing(), await landing(), await landing()]).toEqual([
      "zone2",
      "zone2",
      "zone2",
    ]);

    await exchange().phoneIn("zone2", "1003");
    await exchange().phoneIn("zone2", "1004");
    await exchange().phoneIn("zone2", "1005");

    expect([await landing(), await landing()]).toEqual(["zone1", "zone1"]);
  });
});

describe("HAProxy with balance source", () => {
  const { landing } = balanced("source");

  test("always gives an address the same zone, and spreads the addresses over both zones", async () => {
    const zones = new Set<string | undefined>();
    for (const office of OFFICES) {
      const first = await landing(office);
      expect([await landing(office), await landing(office)]).toEqual([first, first]);
      zones.add(first);
    }
    expect([...zones].sort()).toEqual(["zone1", "zone2"]);
  });
});

describe("with more phones than a zone takes,", () => {
  const { exchange } = balanced("leastconn", {
    limits: {
      connectionsPerSource: MANY,
      connectionsPerUnknownSource: MANY,
      connectionRate: MANY,
      bytesPerSecond: 1_000 * MANY,
    },
  });

  test("a full zone stays up and keeps its phones, and another zone takes the next phone", async () => {
    const { controller, controllerAddress, network } = exchange();
    // The admission service would close these connections, which never log in.
    await controller.stopAdmission();
    const zone1 = async (): Promise<Backend | undefined> => (await controller.backends())[0];
    await controller.admin("set server nodes/zone2 state drain");
    const phones = crowd(network.namespace("office1"), controllerAddress, 1.1 * PHONES_PER_ZONE);
    try {
      await eventually("a full zone", CONNECT, async () =>
        ((await zone1())?.current ?? 0) >= PHONES_PER_ZONE ? true : null,
      );
      for (let second = 0; second < CHECKS; second++) {
        await sleep(1000);
        expect(await zone1()).toMatchObject({ status: "UP", current: PHONES_PER_ZONE });
      }

      await controller.admin("set server nodes/zone2 state ready");
      await exchange().registeredPhone("1001");
      expect(await exchange().zonesOf("1001")).toEqual(["zone2"]);
    } finally {
      phones.kill("SIGKILL");
    }
  });
});
