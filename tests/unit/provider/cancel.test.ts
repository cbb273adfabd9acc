import { mkdirSync } from "node:fs";
import { PbxResourceProvider } from "../../../provider/provider";
import { waitForBoot } from "../../../nodes/readiness";
import { FakeExchange } from "../../support/fake-exchange";
import { Connections } from "../../../ssh/connections";
import type { Logger } from "../../../core/logger";
import { FolderNode } from "../../support/folder-node";

/** Milliseconds after which somebody presses Ctrl-C. */
const PATIENCE = 200;

const urnOf = (kind: string): string => `urn:pulumi:test::trunkline::pbx:index:${kind}::zone1`;
const zone = { name: "zone1", fixedIp: "192.168.0.2", sshHostKey: "" };
const common = {
  serverId: "server",
  access: { privateKey: "", controllerAddress: "198.51.100.10", controllerHostKey: "" },
  drain: { timeout: 3600, force: false },
};
const log: Logger = { status: () => undefined, info: () => undefined, warn: () => undefined };

describe("Ctrl-C ends the wait", () => {
  test("for a node that does not let anybody in", async () => {
    const nobody = new Connections(() => Promise.reject(new Error("nobody is there")));
    const provider = new PbxResourceProvider(() => log, nobody);
    const created = provider.create(urnOf("NodeConfig"), {
      ...{ ...common, node: "controller", zones: [zone], files: {}, contents: "" },
    });
    setTimeout(() => void provider.cancel(), PATIENCE);
    await expect(created).rejects.toThrow(/^controller: SSH at 198.51.100.10 does not answer/);
  });

  test("for a first boot", async () => {
    const node = new FolderNode("zone1");
    try {
      mkdirSync(node.at("/run/cloud-init"), { recursive: true });
      await expect(
        waitForBoot(node, () => undefined, AbortSignal.timeout(PATIENCE)),
      ).rejects.toThrow("zone1: interrupted before cloud-init was done");
    } finally {
      await node.remove();
    }
  });

  test("for a zone that is to enter, and it is known that it has not", async () => {
    const exchange = new FakeExchange(["zone1"]);
    exchange.mute.add("zone1");
    const provider = new PbxResourceProvider(() => log, exchange);
    const member = { ...common, zone, controllerId: "controller" };
    const updated = provider.update("id", urnOf("ZoneMembership"), member, {
      ...member,
      controllerId: "another",
    });
    setTimeout(() => void provider.cancel(), PATIENCE);
    const error = (await updated.catch((fault: unknown) => fault)) as {
      readonly message: string;
      readonly properties: { readonly controllerId: string };
    };
    expect(error.message).toMatch(/^zone1: interrupted \(.*\); it stays out of the rotation$/);
    expect(error.properties.controllerId).toMatch(/^not in the rotation/);
  });
});
