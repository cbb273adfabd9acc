import { mkdirSync } from "node:fs";
import type { Logger } from "../../../core/logger";
import { waitForBoot } from "../../../nodes/readiness";
import { PbxResourceProvider } from "../../../provider/provider";
import { Connections } from "../../../ssh/connections";
import { FakeExchange } from "../../support/fake-exchange";
import { FolderNode } from "../../support/folder-node";

/** Milliseconds from the start of a wait until Ctrl-C. */
const CANCEL_AFTER = 200;

const urnOf = (kind: string): string => `urn:pulumi:test::trunkline::pbx:index:${kind}::zone1`;
const zone = { name: "zone1", fixedIp: "192.168.0.2", sshHostKey: "" };
const common = {
  serverId: "server",
  access: { privateKey: "", controllerAddress: "198.51.100.10", controllerHostKey: "" },
  drain: { timeout: 3600, force: false },
};
const log: Logger = { status: () => undefined, info: () => undefined, warn: () => undefined };

describe("Ctrl-C ends the wait", () => {
  test("for a node that cannot be reached over SSH", async () => {
    const unreachable = new Connections(() => Promise.reject(new Error("unreachable")));
    const provider = new PbxResourceProvider(() => log, unreachable);
    const created = provider.create(urnOf("NodeConfig"), {
      ...common,
      node: "controller",
      zones: [zone],
      files: {},
      contents: "",
    });
    setTimeout(() => void provider.cancel(), CANCEL_AFTER);
    await expect(created).rejects.toThrow(/^controller: SSH at 198.51.100.10 does not answer/);
  });

  test("for the first boot of a node", async () => {
    const node = new FolderNode("zone1");
    try {
      mkdirSync(node.at("/run/cloud-init"), { recursive: true });
      await expect(
        waitForBoot(node, () => undefined, AbortSignal.timeout(CANCEL_AFTER)),
      ).rejects.toThrow("zone1: interrupted before cloud-init was done");
    } finally {
      await node.remove();
    }
  });

  test("for a zone to enter the rotation, and the state records that the zone is not in it", async () => {
    const exchange = new FakeExchange(["zone1"]);
    exchange.sipDown.add("zone1");
    const provider = new PbxResourceProvider(() => log, exchange);
    const member = { ...common, zone, controllerId: "controller" };
    const updated = provider.update("id", urnOf("ZoneMembership"), member, {
      ...member,
      controllerId: "another",
    });
    setTimeout(() => void provider.cancel(), CANCEL_AFTER);
    const error = (await updated.catch((fault: unknown) => fault)) as {
      readonly message: string;
      readonly properties: { readonly controllerId: string };
    };
    expect(error.message).toMatch(
      /^zone1: interrupted \(.*\); the zone has not entered the rotation$/,
    );
    expect(error.properties.controllerId).toMatch(/^not in the rotation/);
  });
});
