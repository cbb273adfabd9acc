import { once } from "node:events";
import { sleep, within } from "../../phones/deadline";
import { PHONES_PER_ZONE } from "../../plan/capacity";
import { SIP_PORT } from "../../core/ports";
import type { Balance } from "../../core/telephony";
import { crowd } from "./support/crowd";
import { dialFrom } from "./support/dial";
import { eventually } from "./support/eventually";
import type { Backend } from "./support/controller";
import {
  type Configuration,
  Exchange,
  IMAGES_DEADLINE,
  PJSIP_22,
  TEST_DEADLINE,
} from "./support/exchange";
import { OFFICES, type Office } from "./support/network";

jest.setTimeout(TEST_DEADLINE);

/** Seconds for as many connections as a zone takes, and for several checks of HAProxy. */
const CONNECT = 10;
const CHECKS = 8;
/** Milliseconds that a connection may be silent at its beginning, and some more. */
const SILENCE = 8_000;
/** More than all phones of the test, which are behind one address. */
const MANY = 2_000;

/** An exchange of two zones, and what HAProxy does with connections. */
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

describe("roundrobin", () => {
  const { exchange, landing } = balanced("roundrobin");

  test("connections take turns", async () => {
    const first = await landing();
    const second = await landing();

    expect([first, second].sort()).toEqual(["zone1", "zone2"]);
    expect([await landing(), await landing()]).toEqual([first, second]);
  });

  test("who connects and says nothing is in no zone, and is soon disconnected", async () => {
    const { controller, controllerAddress, network } = exchange();
    const served = async (): Promise<number[]> =>
      (await controller.backends()).map(({ total }) => total);
    const before = await served();
    const silent = await dialFrom(network.namespace("office1"))(controllerAddress, SIP_PORT);
    silent.on("error", () => undefined); // it is cut off when it has ended
    await within(SILENCE, "the end of a silent connection", once(silent.resume(), "end"));
    expect(await served()).toEqual(before);
  });
});

describe("leastconn", () => {
  const { exchange, landing } = balanced("leastconn");

  test("connections go where the fewest are", async () => {
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

describe("source", () => {
  const { landing } = balanced("source");

  test("an address always gets the same zone, and not all get the same one", async () => {
    const zones = new Set<string | undefined>();
    for (const office of OFFICES) {
      const first = await landing(office);
      expect([await landing(office), await landing(office)]).toEqual([first, first]);
      zones.add(first);
    }
    expect([...zones].sort()).toEqual(["zone1", "zone2"]);
  });
});

describe("more phones than a zone takes", () => {
  const { exchange } = balanced("leastconn", {
    limits: {
      connectionsPerSource: MANY,
      connectionsPerUnknownSource: MANY,
      connectionRate: MANY,
      bytesPerSecond: 1_000 * MANY,
    },
  });

  test("a zone that is full goes on serving, and another one takes the rest", async () => {
    const { controller, controllerAddress, network } = exchange();
    // It would shut these connections, none of which logs in.
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
      expect(await exchange().whereabouts("1001")).toEqual(["zone2"]);
    } finally {
      phones.kill("SIGKILL");
    }
  });
});
