import { gzipSync } from "node:zlib";
import type { Logger } from "../../../core/logger";
import type { NodeConfigInputs } from "../../../provider/inputs";
import { PbxResourceProvider } from "../../../provider/provider";
import { plain } from "../../../provider/wire";
import { FakeExchange } from "../../support/fake-exchange";

const URN = "urn:pulumi:test::trunkline::pbx:index:NodeConfig::zone1";
const LOGGER = "/etc/asterisk/logger.conf";
const log: Logger = { status: () => undefined, info: () => undefined, warn: () => undefined };

const configWith = (content: string): NodeConfigInputs => ({
  node: "zone1",
  serverId: "server",
  access: { privateKey: "", controllerAddress: "198.51.100.10", controllerHostKey: "" },
  zones: [{ name: "zone1", fixedIp: "192.168.0.2", sshHostKey: "" }],
  drain: { timeout: 3600, force: false },
  files: { [LOGGER]: { owner: "root:root", mode: "0640", digest: content } },
  contents: gzipSync(JSON.stringify({ [LOGGER]: content })).toString("base64"),
});
const [FORMER, WANTED] = [configWith("former"), configWith("wanted")];

let exchange: FakeExchange;
let provider: PbxResourceProvider;

beforeEach(() => {
  exchange = new FakeExchange(["zone1"]);
  provider = new PbxResourceProvider(() => log, exchange);
});

/** Returns the error of a failing update, with the state that it reports to Pulumi. */
const failure = (): Promise<{ message: string; properties?: unknown }> =>
  provider.update("zone1/server", URN, { ...FORMER }, { ...WANTED }).then(
    () => Promise.reject(new Error("the update did not fail")),
    (error: unknown) => error as { message: string; properties?: unknown },
  );

test("after a connection was lost during an edit, the state differs from the former and the wanted files", async () => {
  exchange.lost.add("zone1");
  const { message, properties } = await failure();
  expect(message).toBe("zone1: the SSH connection was lost");
  const state = plain(properties) as NodeConfigInputs;
  for (const news of [FORMER, WANTED]) {
    expect(await provider.diff("zone1/server", URN, state, news)).toMatchObject({
      changes: true,
      replaces: [],
    });
  }

  exchange.lost.clear();
  const updated = await provider.update("zone1/server", URN, { ...state }, { ...FORMER });
  expect(await provider.diff("zone1/server", URN, plain(updated.outs), FORMER)).toMatchObject({
    changes: false,
  });
});

test("after a failed edit that changed no file, the former state is kept", async () => {
  exchange.full.add("zone1");
  const { message, properties } = await failure();
  expect(message).toBe(
    "zone1: its disk is full; no file was changed. " +
      "Fix the problem and run the same command again",
  );
  expect(properties).toBeUndefined();
});
