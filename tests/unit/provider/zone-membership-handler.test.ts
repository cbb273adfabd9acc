import { unknownValue } from "@pulumi/pulumi/runtime/rpc";
import type { Logger } from "../../../core/logger";
import type { ZoneMembershipInputs } from "../../../provider/inputs";
import { PbxResourceProvider } from "../../../provider/provider";
import { FakeExchange } from "../../support/fake-exchange";

// Waits return immediately in these tests.
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

let exchange: FakeExchange;
let provider: PbxResourceProvider;

beforeEach(() => {
  warnings = [];
  exchange = new FakeExchange(["zone1"]);
  provider = new PbxResourceProvider(() => log, exchange);
});

test("if a zone's server is replaced, the old membership is deleted first, which drains the zone", async () => {
  const { replaces, deleteBeforeReplace } = await provider.diff("zone1/server", URN, member, {
    ...member,
    serverId: unknownValue,
  });
  expect([replaces, deleteBeforeReplace]).toEqual([["serverId"], true]);
});

test("the provider puts the successor of a lost server into the rotation, even if there is only one zone", async () => {
  const news = { ...member, serverId: "another" };
  await provider.check(URN, {}, news);
  const { changes, replaces } = await provider.diff("zone1/server", URN, member, news);
  expect([changes, replaces]).toEqual([true, []]);

  exchange.servers.set("zone1", "drain");
  await provider.update("zone1/server", URN, { ...member }, news);
  expect(exchange.rotation).toEqual(["zone1"]);
});

describe("if --target excludes the NodeConfigs, a zone", () => {
  const news = { ...member, serverId: "another" };
  const enter = (): Promise<unknown> => provider.update("zone1/server", URN, { ...member }, news);

  beforeEach(async () => {
    exchange.servers.set("zone1", "drain").set("zone2", "ready");
    await provider.check(URN, {}, news);
  });

  test("enters the rotation if it reaches the zones in the rotation", async () => {
    await enter();
    expect(exchange.rotation).toEqual(["zone1", "zone2"]);
  });

  test("stays out of the rotation if it does not reach a zone in the rotation", async () => {
    exchange.cutTrunks.add("zone2");
    await provider.cancel();
    await expect(enter()).rejects.toThrow(
      "interrupted (zone1 does not reach zone2 on the trunk); the zone has not entered the rotation",
    );
    expect(exchange.rotation).toEqual(["zone2"]);
  });
});

describe("the removal of a zone whose controller is gone", () => {
  const destroy = (force: boolean): Promise<void> =>
    provider.delete("zone1/server", URN, { ...member, drain: { ...member.drain, force } });
  beforeEach(() => exchange.unreachable.add("controller"));

  test("succeeds with a warning if the exchange is destroyed and pbx:drainForce is set", async () => {
    await destroy(true);
    expect(warnings).toEqual([
      "controller: SSH does not answer; zone1 is removed without a check of its calls (pbx:drainForce)",
    ]);
  });

  test("fails if pbx:drainForce is not set", async () => {
    await expect(destroy(false)).rejects.toThrow("controller: SSH does not answer");
  });

  test("fails after Ctrl-C, because the provider did not wait for the controller", async () => {
    await provider.cancel();
    await expect(destroy(true)).rejects.toThrow("controller: SSH does not answer");
  });

  test("fails if the Pulumi program runs, even if pbx:drainForce is set", async () => {
    await provider.check(URN, {}, { ...member, drain: { timeout: 3600, force: true } });
    await expect(destroy(true)).rejects.toThrow("controller: SSH does not answer");
  });
});
