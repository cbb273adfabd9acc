import { unknownValue } from "@pulumi/pulumi/runtime/rpc";
import type { ZoneMembershipInputs } from "../../../provider/inputs";
import { PbxResourceProvider } from "../../../provider/provider";
import type { Logger } from "../../../core/logger";
import { FakeExchange } from "../../support/fake-exchange";

// Nobody waits in these tests.
jest.mock("node:timers/promises", () => ({ setTimeout: () => Promise.resolve() }));

const URN = "urn:pulumi:test::trunkline::pbx:index:ZoneMembership::zone1";
const member: ZoneMembershipInputs = {
  zone: { name: "zone1", fixedIp: "192.168.0.2", sshHostKey: "" },
  serverId: "server",
  controllerId: "controller",
  access: { privateKey: "", controllerAddress: "198.51.100.10", controllerHostKey: "" },
  drain: { timeout: 3600, force: false },
};
let warnings: string[];
const log: Logger = {
  status: () => undefined,
  info: () => undefined,
  warn: (line) => warnings.push(line),
};

/** The only zone there is. */
let exchange: FakeExchange;
let provider: PbxResourceProvider;

beforeEach(() => {
  warnings = [];
  exchange = new FakeExchange(["zone1"]);
  provider = new PbxResourceProvider(() => log, exchange);
});

test("a server that is to be replaced is drained before it goes", async () => {
  const { replaces, deleteBeforeReplace } = await provider.diff("zone1/server", URN, member, {
    ...member,
    serverId: unknownValue,
  });
  expect([replaces, deleteBeforeReplace]).toEqual([["serverId"], true]);
});

test("the successor of a server that was lost enters the rotation, also that of the only one", async () => {
  const news = { ...member, serverId: "another" };
  await provider.check(URN, {}, news);
  const { changes, replaces } = await provider.diff("zone1/server", URN, member, news);
  expect([changes, replaces]).toEqual([true, []]);

  exchange.servers.set("zone1", "drain");
  await provider.update("zone1/server", URN, { ...member }, news);
  expect(exchange.rotation).toEqual(["zone1"]);
});

describe("an exchange that goes as a whole, with a controller that is gone already,", () => {
  const destroy = (force: boolean): Promise<void> =>
    provider.delete("zone1/server", URN, { ...member, drain: { ...member.drain, force } });
  beforeEach(() => exchange.closed.add("controller"));

  test("goes where calls may be cut, and says so", async () => {
    await destroy(true);
    expect(warnings).toEqual([
      "controller: SSH does not answer; zone1 goes without a look at its calls (pbx:drainForce)",
    ]);
  });

  test("stays where they may not", async () => {
    await expect(destroy(false)).rejects.toThrow("controller: SSH does not answer");
  });

  test("stays where somebody pressed Ctrl-C, as it was not waited for then", async () => {
    await provider.cancel();
    await expect(destroy(true)).rejects.toThrow("controller: SSH does not answer");
  });

  test("is not what a zone goes with that others stay behind", async () => {
    await provider.check(URN, {}, { ...member, drain: { timeout: 3600, force: true } });
    await expect(destroy(true)).rejects.toThrow("controller: SSH does not answer");
  });
});
