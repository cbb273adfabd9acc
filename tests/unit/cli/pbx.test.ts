import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, parse } from "node:path";
import { lastDecision } from "../../../autoscaler/decision-log";
import { lockKeyOf, rowOf } from "../../../cli/pbx/bans";
import { qualityTexts, verdictOn } from "../../../cli/pbx/call-quality";
import { type PbxContext, refreshed } from "../../../cli/pbx/pbx-context";
import { OperatorError } from "../../../core/errors";
import { autoscalerMemory, decisionLog } from "../../../core/paths";
import { planExchange } from "../../../plan/exchange-plan";
import { Connections } from "../../../ssh/connections";
import { nodesOf } from "../../../stack/nodes";
import { MASTER_SECRET, STACK, settingsWith } from "../../support/settings";

describe("a leg of a call", () => {
  const media = (lossPercent: number | null, jitterMs: number | null, delayMs: number | null) => ({
    codec: "ulaw",
    lossPercent,
    jitterMs,
    delayMs,
  });

  test.each([
    [
      "exactly at the bounds",
      media(1, 100, 150),
      "ok",
      ["1.00 % ok", "100.0 ms ok", "150.0 ms ok"],
    ],
    ["with too much loss", media(1.01, 0, 0), "bad", ["1.01 % bad", "0.0 ms ok", "0.0 ms ok"]],
    ["with too much jitter", media(0, 100.1, 0), "bad", ["0.00 % ok", "100.1 ms bad", "0.0 ms ok"]],
    ["with too much delay", media(0, 0, 150.1), "bad", ["0.00 % ok", "0.0 ms ok", "150.1 ms bad"]],
    ["with only a delay, as on the trunk,", media(null, null, 1.5), "ok", ["–", "–", "1.5 ms ok"]],
    ["without values", media(null, null, null), "unknown", ["–", "–", "–"]],
  ])("%s is rated by its loss, jitter and delay", (_, leg, verdict, texts) => {
    expect([verdictOn(leg), qualityTexts(leg)]).toEqual([verdict, texts]);
  });
});

describe("a lock", () => {
  test.each([
    ["203.0.113.7", { source: "203.0.113.7", account: null }],
    ["203.0.113.7/1001", { source: "203.0.113.7", account: "1001" }],
    ["203.0.113.7/?", { source: "203.0.113.7", account: "?" }],
  ])("can be given as %s", (text, key) => {
    expect(lockKeyOf(text)).toEqual(key);
  });

  test.each(["", "203.0.113", "203.0.113.7/", "203.0.113.7/1001/2", "203.0.113.7; reboot", "::1"])(
    "cannot be given as %j",
    (text) => {
      expect(() => lockKeyOf(text)).toThrow(OperatorError);
    },
  );

  test("is shown in a table row with its remaining time, reason and counters", () => {
    const ban = { source: "203.0.113.7", account: null, seconds: 61, reason: "guesses" };
    expect(rowOf({ ...ban, times: 2, refused: 9, restricted: true })).toEqual([
      "203.0.113.7",
      "all",
      "1:01",
      "guesses",
      "2",
      "9",
      "registered phones stay",
    ]);
  });
});

describe("the last decision of the autoscaler", () => {
  const folder = mkdtempSync(join(tmpdir(), "trunkline-decisions-"));
  const log = join(folder, "dev.decisions.jsonl");
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  const decision = (zones: number) => ({
    time: "2026-11-24T04:00:00.000Z",
    stack: "dev",
    action: "hold",
    zones,
    reason: "all is well",
  });
  const linesOf = (...zones: readonly number[]): string =>
    zones.map((number) => `${JSON.stringify(decision(number))}\n`).join("");

  test("is null if there is no file of decisions", () => {
    expect(lastDecision(log)).toBeNull();
  });

  test("is in the last complete line, even if an incomplete line follows", () => {
    writeFileSync(log, `${linesOf(2, 3)}{"time":"20`);
    expect(lastDecision(log)).toEqual(decision(3));
  });

  test("is in the previous file if the newest file has no complete line or does not exist", () => {
    writeFileSync(`${log}.1`, linesOf(4, 5));
    expect(lastDecision(log)).toEqual(decision(3));
    writeFileSync(log, '{"time":"20');
    expect(lastDecision(log)).toEqual(decision(5));
    rmSync(log);
    expect(lastDecision(log)).toEqual(decision(5));
  });

  test("is in a file of its own for each stack, next to the autoscaler's memory", () => {
    const { dir, base } = parse(decisionLog("dev"));
    expect(base).toBe("dev.decisions.jsonl");
    expect(dir).toBe(dirname(autoscalerMemory("dev")));
    expect(decisionLog("other")).not.toBe(decisionLog("dev"));
  });
});

describe("status --watch", () => {
  const nodes = (...names: readonly string[]) => ({
    access: { privateKey: "", controllerAddress: "", controllerHostKey: "" },
    zones: names.map((name) => ({ name, fixedIp: "", sshHostKey: "" })),
  });
  const outputs = { controllerAddress: "", zones: [], sipAccounts: [], sshHostKeys: {} };
  const context = (latest: PbxContext["latest"]): PbxContext => ({
    stack: "dev",
    outputs,
    nodes: nodes("zone1"),
    latest,
    connections: new Connections(),
    json: false,
    watch: true,
  });

  test("finds zones that are added while it runs", async () => {
    const both = nodes("zone1", "zone2");
    const found = await refreshed(context(() => Promise.resolve({ outputs, nodes: both })));
    expect([found.context.nodes, found.fault]).toEqual([both, null]);
  });

  test("continues with the known zones if the stack cannot be read, and reports the error", async () => {
    const fault = new OperatorError("pulumi: no such host");
    const found = await refreshed(context(() => Promise.reject(fault)));
    expect([found.context.nodes, found.fault]).toEqual([nodes("zone1"), "pulumi: no such host"]);
  });
});

describe("the nodes of a stack", () => {
  const plan = planExchange(settingsWith({ zones: 2 }), STACK);
  const outputs = {
    controllerAddress: "198.51.100.10",
    zones: plan.zones.map(({ name, fixedIp }) => ({ name, fixedIp, address: "198.51.100.11" })),
    sipAccounts: [],
    sshHostKeys: Object.fromEntries(
      [plan.controller, ...plan.zones].map(({ name, sshHostKey }) => [name, sshHostKey.publicKey]),
    ),
  };

  test("are returned with the private key for SSH, derived from the master secret, and with the host keys of the outputs", () => {
    expect(nodesOf(outputs, MASTER_SECRET)).toEqual({
      access: {
        privateKey: plan.accessKey.privateKey,
        controllerAddress: "198.51.100.10",
        controllerHostKey: plan.controller.sshHostKey.publicKey,
      },
      zones: plan.zones.map(({ name, fixedIp, sshHostKey }) => ({
        name,
        fixedIp,
        sshHostKey: sshHostKey.publicKey,
      })),
    });
  });

  test("cause an error if the outputs have no host key of a node", () => {
    expect(() => nodesOf({ ...outputs, sshHostKeys: {} }, MASTER_SECRET)).toThrow(
      "the stack has no host key of controller; deploy it again with: make up",
    );
  });
});
