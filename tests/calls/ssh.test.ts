import { zoneHost } from "../../components/zone-host";
import { Connections, TIMEOUTS } from "../../ssh/connections";
import { dialFrom } from "./support/dial";
import {
  CHAN_SIP_16,
  Exchange,
  IMAGES_DEADLINE,
  PJSIP_22,
  TEST_DEADLINE,
} from "./support/exchange";
import { OPERATOR } from "./support/network";

jest.setTimeout(TEST_DEADLINE);

describe("SSH to the golden images", () => {
  let exchange: Exchange;
  let connections: Connections;

  beforeAll(async () => {
    exchange = await Exchange.start({ zones: [PJSIP_22, CHAN_SIP_16] });
    connections = new Connections(dialFrom(exchange.network.namespace(OPERATOR)));
  }, IMAGES_DEADLINE);
  afterAll(async () => {
    connections.close();
    await exchange.close();
  });

  test("reaches the controller, and every zone through the controller, as root", async () => {
    const { access, plan } = exchange;
    const sessions = await Promise.all([
      connections.controller(access, TIMEOUTS.read),
      ...plan.zones.map((zone) => connections.zone(access, zoneHost(zone), TIMEOUTS.read)),
    ]);

    expect(await Promise.all(sessions.map((session) => session.run("id -u; uname -n")))).toEqual(
      ["controller", "zone1", "zone2"].map((name) => `0\n${name}\n`),
    );
  });

  test("passes input to a script, and reports why a script failed", async () => {
    const session = await connections.controller(exchange.access, TIMEOUTS.read);
    const input = "0123456789".repeat(100_000);

    expect(await session.run("wc -c", input)).toBe(`${String(input.length)}\n`);
    await expect(session.run("echo to no avail >&2; exit 7")).rejects.toMatchObject({
      exitCode: 7,
      message: "controller: to no avail",
    });
  });

  test("does not work from outside the operator's network", async () => {
    const strangers = new Connections(dialFrom(exchange.network.namespace("office1")));

    await expect(strangers.controller(exchange.access, 0)).rejects.toThrow(
      `controller: SSH at ${exchange.controllerAddress} does not answer`,
    );
  });
});
