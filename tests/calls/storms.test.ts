import { run } from "../../phones/child-process";
import { optionsRequest } from "../../phones/options";
import type { Storm, StormResult } from "../support/storm";
import { Exchange, IMAGES_DEADLINE, KINDS, TEST_DEADLINE } from "./support/exchange";
import { giveAddresses, OFFICE_ADDRESS } from "./support/network";
import { registerOnce, StormPhones } from "./support/storm-phones";

jest.setTimeout(TEST_DEADLINE);

/**
 * Number of zones: enough for {@link PARALLEL} phones. A zone takes 1,000 connections, and PJSIP frees a closed
 * connection only after half a second.
 */
const ZONES = 3;
/**
 * Maximum number of phones that register at the same time. Without this limit, a slow machine would fill all zones, and
 * HAProxy would close the connections of further phones after `pbx:connectTimeout`.
 */
const PARALLEL = 2_000;
const USERS = [{ range: "1000-8999" }];
const SOURCES = 50;
/** Limits above what these storms need. */
const LIMITS = {
  connectionsPerSource: 1_000,
  connectionsPerUnknownSource: 1_000,
  connectionRate: 1_000,
  bytesPerSecond: 10_000_000,
  loginTime: "30s",
};
/** Seconds between two segments of each slow request, and number of segments. */
const PACES = [1, 2.5];
const SEGMENTS = 5;

/**
 * Script that sends its standard input in segments, and prints the first line of the answer. HAProxy passes the first
 * request to a zone in one piece, because PJSIP closes a connection whose first request takes seconds.
 */
const SLOW_SENDER = `
const [host, pace, segments] = process.argv.slice(1);
const request = require("node:fs").readFileSync(0);
const socket = require("node:net").connect({ host, port: 5060, noDelay: true });
const length = Math.ceil(request.length / segments);
for (let index = 0; index < segments; index++)
  setTimeout(() => socket.write(request.subarray(index * length, (index + 1) * length)), index * pace * 1000);
let answer = "";
socket.on("data", (bytes) => {
  answer += bytes;
  if (answer.includes("\\n")) socket.destroy();
});
socket.on("close", () => console.log(answer.split("\\r\\n")[0]));`;

const slowly = async (namespace: string, host: string, pace: number): Promise<string> => {
  const argv = [process.execPath, "-e", SLOW_SENDER, host, String(pace), String(SEGMENTS)];
  return (await run(argv, { namespace, input: optionsRequest(host) })).trim();
};

describe.each(KINDS)("in a storm of registrations, with $name,", ({ kind }) => {
  let exchange: Exchange;
  let addresses: string[];

  beforeAll(async () => {
    exchange = await Exchange.start({
      zones: Array.from({ length: ZONES }, () => kind),
      configuration: { users: USERS, limits: LIMITS },
      connections: 5_000,
    });
    addresses = await giveAddresses(exchange.network.namespace("office1"), SOURCES);
  }, IMAGES_DEADLINE);
  afterAll(() => exchange.close());

  const stormOf = (phones: number, how: Pick<Storm, "rate" | "keeps"> & Partial<Storm>): Storm => ({
    server: exchange.controllerAddress,
    addresses,
    accounts: exchange.plan.users.slice(0, phones),
    ...how,
  });
  const register = (storm: Storm): Promise<StormResult> =>
    registerOnce(exchange.network.namespace("office1"), storm);

  test("all 8,000 phones that register at up to 1,000 per second are registered, and slow requests are answered", async () => {
    const slow = Promise.all(
      PACES.map((pace) =>
        slowly(exchange.network.namespace("office1"), exchange.controllerAddress, pace),
      ),
    );
    // At this rate, the storm lasts longer than the 6.4 s after which old timers of PJSIP end (cli.conf).
    const { registered, lost } = await register(
      stormOf(8_000, { rate: 1_000, parallel: PARALLEL, keeps: false }),
    );
    expect({ registered, lost }).toEqual({ registered: 8_000, lost: {} });
    expect(await slow).toEqual(PACES.map(() => "SIP/2.0 200 OK"));
  });

  // The storm lasts so long that chan_sip ends the dialogs of the first phones and reuses their memory.
  if (kind.sipDriver === "chan_sip")
    test("6,000 phones of one office with the correct passwords cause no report of a refused log-in and no lock", async () => {
      const addresses = [OFFICE_ADDRESS.office1];
      const office = { rate: 700, parallel: 200, keeps: false, addresses };
      const { registered, lost } = await register(stormOf(6_000, office));
      expect({ registered, lost }).toEqual({ registered: 6_000, lost: {} });
      const records = await exchange.controller.read("/var/log/trunkline/security.log");
      expect(records.match(/.*"event": "(?:refused|lock)".*/g)).toBeNull();
    });

  test("all 2,000 phones that reconnect at the same time after a restart of HAProxy are registered", async () => {
    const storm = stormOf(PARALLEL, { rate: 0, keeps: true });
    const phones = StormPhones.start(exchange.network.namespace("office1"));
    try {
      const before = await phones.register(storm);
      // The phones connect again only after HAProxy has ended. Linux closes the listening socket of a process last,
      // so connections that arrive while HAProxy ends would be reset.
      await exchange.controller.stopDaemon();
      const coming = phones.register(storm);
      exchange.controller.startDaemon();
      const after = await coming;
      expect([before.lost, after.lost]).toEqual([{}, {}]);
      expect([before.registered, after.registered]).toEqual([PARALLEL, PARALLEL]);
    } finally {
      await phones.close();
    }
  });
});
