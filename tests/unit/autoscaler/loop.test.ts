import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Exporter } from "../../../autoscaler/exporter";
import { Journal } from "../../../autoscaler/journal";
import { runLoop } from "../../../autoscaler/loop";
import { countersToResumeFrom, type Memory, MemoryFile } from "../../../autoscaler/memory";
import type { Report } from "../../../autoscaler/report";
import { readOnly } from "../../../autoscaler/runner";
import type { ZoneReading } from "../../../autoscaler/sample";
import { lockAutoscaler } from "../../../autoscaler/single";
import { explanation } from "../../../cli/autoscale-tables";
import { OperatorError } from "../../../core/errors";
import { STATE } from "../../support/autoscaler";

const BEGIN = Date.UTC(2026, 0, 5, 12);
const READING: ZoneReading = { calls: 7, registrations: 12, bytesPerSecond: 125_000, cpu: 0.25 };

const report = (change: Partial<Report> = {}): Report => ({
  decision: { action: "hold", zones: 2, reason: "2 zones carry 7 calls", criteria: [] },
  sample: {
    at: BEGIN,
    zones: [
      { name: "zone1", reading: READING, fault: null, down: false },
      { name: "zone2", reading: null, fault: "zone2: no answer in 8 s", down: false },
    ],
    out: [],
    sessions: 15,
    unknown: 3,
    fault: null,
  },
  from: 2,
  outcome: "nothing to do",
  ok: true,
  ...change,
});
const OUT = report({
  decision: { action: "out", zones: 3, reason: "2 zones carry 9 calls", criteria: [] },
  outcome: "done: from 2 to 3 zones",
});

async function eventually(isSo: () => boolean): Promise<void> {
  while (!isSo()) await sleep(5);
}

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "trunkline-autoscaler-"));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

describe("the loop", () => {
  /** Runs the loop with ticks that end with `results`, and stops the loop in the last tick. */
  async function loop(results: readonly (Report | Error)[], once = false) {
    const waiting = [...results];
    const stop = new AbortController();
    const said: string[] = [];
    const written: Report[] = [];
    const exporter = { record: jest.fn(), fail: jest.fn() };
    const exitCode = await runLoop({
      runner: {
        interval: 1,
        tick: () => {
          const result = waiting.shift() ?? new Error("the loop ran one tick more than planned");
          if (waiting.length === 0) stop.abort();
          return result instanceof Error ? Promise.reject(result) : Promise.resolve(result);
        },
      },
      journal: { write: (entry) => written.push(entry) },
      exporter,
      stop: { graceful: stop.signal, immediate: stop.signal },
      once,
      say: (line) => said.push(line),
    });
    return { exitCode, said, written, faults: exporter.fail.mock.calls.length };
  }

  const hold = (calls: number): Report =>
    report({
      decision: {
        action: "hold",
        zones: 2,
        criteria: [],
        reason: `2 zones carry ${String(calls)} calls`,
      },
    });

  test("logs every decision, but prints a hold only if more than its numbers has changed", async () => {
    const { said, written } = await loop([hold(1), hold(2), hold(2.5), OUT, OUT, hold(3)]);
    expect(written).toHaveLength(6);
    expect(said).toEqual([
      "hold at 2 zones: 2 zones carry 1 calls; nothing to do",
      "out to 3 zones: 2 zones carry 9 calls; done: from 2 to 3 zones",
      "out to 3 zones: 2 zones carry 9 calls; done: from 2 to 3 zones",
      "hold at 2 zones: 2 zones carry 3 calls; nothing to do",
    ]);
  });

  test("continues after an OperatorError, and does not print the same message twice in a row", async () => {
    const fault = new OperatorError("the controller does not answer");
    const { said, faults, exitCode } = await loop([fault, fault, hold(1)]);
    expect([said, faults, exitCode]).toEqual([
      [
        "no decision: the controller does not answer",
        "hold at 2 zones: 2 zones carry 1 calls; nothing to do",
      ],
      2,
      0,
    ]);
  });

  test("ends with an error that is not an OperatorError, because that is a bug", async () => {
    await expect(loop([new TypeError("x is undefined"), OUT])).rejects.toThrow("x is undefined");
  });

  test("with `once`, ends after one tick with an exit code for its result, or throws its error", async () => {
    expect(await loop([OUT, OUT], true)).toMatchObject({ written: [OUT], exitCode: 0 });
    expect((await loop([{ ...OUT, ok: false }, OUT], true)).exitCode).toBe(2);
    await expect(loop([new OperatorError("no stack"), OUT], true)).rejects.toThrow("no stack");
  });
});

describe("if no zone can be read,", () => {
  const zones = OUT.sample.zones.map(({ name }) => ({
    name,
    reading: null,
    fault: "controller: gone",
    down: false,
  }));
  const sample = { ...OUT.sample, zones, sessions: null, unknown: null, fault: "controller: gone" };

  test("a single tick ends with exit code 1", async () => {
    const stop = new AbortController().signal;
    const exitCode = await runLoop({
      runner: { interval: 1, tick: () => Promise.resolve(report({ sample, ok: false })) },
      journal: { write: () => undefined },
      exporter: { record: () => undefined, fail: () => undefined },
      stop: { graceful: stop, immediate: stop },
      once: true,
      say: () => undefined,
    });
    expect(exitCode).toBe(1);
  });

  test("the output of --explain gives the cause only once", () => {
    const { decision } = report();
    const state = { ...STATE, zones: 2 };
    const lines = explanation({ decision, state, sample }).split("\n");
    expect(lines.filter((line) => line === "controller: gone")).toHaveLength(1);
  });
});

describe("the decision log", () => {
  const path = (): string => join(folder, "autoscale", "dev.decisions.jsonl");
  const say = jest.fn<undefined, [string]>();
  beforeEach(() => {
    say.mockReset();
  });

  test("has one line of JSON for each decision, and is readable by its group", async () => {
    const journal = new Journal(path(), "dev", say);
    journal.write(OUT, BEGIN, BEGIN + 61_234);
    journal.write(report(), BEGIN + 70_000, BEGIN + 70_100);
    await journal.close();
    const lines = readFileSync(path(), "utf8").trim().split("\n");
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
      {
        time: "2026-01-05T12:00:00.000Z",
        stack: "dev",
        action: "out",
        from: 2,
        zones: 3,
        reason: "2 zones carry 9 calls",
        outcome: "done: from 2 to 3 zones",
        ok: true,
        seconds: 61.2,
      },
      {
        time: "2026-01-05T12:01:10.000Z",
        stack: "dev",
        action: "hold",
        from: 2,
        zones: 2,
        reason: "2 zones carry 7 calls",
        outcome: "nothing to do",
        ok: true,
        seconds: 0.1,
      },
    ]);
    expect(statSync(path()).mode & 0o777).toBe(0o640);
  });

  test("leads to a message if it cannot be written, and works after the cause is removed", async () => {
    mkdirSync(path(), { recursive: true });
    const journal = new Journal(path(), "dev", say);
    journal.write(OUT, BEGIN, BEGIN);
    await eventually(() => say.mock.calls.length > 0);
    expect(say.mock.calls).toEqual([
      [expect.stringMatching(/^the log of decisions cannot be written: .*not a file/)],
    ]);
    rmSync(path(), { recursive: true });
    journal.write(OUT, BEGIN, BEGIN);
    await journal.close();
    expect(readFileSync(path(), "utf8").trim().split("\n")).toHaveLength(1);
  });

  test("can be closed even if it cannot be written", async () => {
    mkdirSync(path(), { recursive: true });
    const journal = new Journal(path(), "dev", say);
    journal.write(OUT, BEGIN, BEGIN);
    await journal.close();
    expect(say.mock.calls).toHaveLength(1);
  });

  test("is kept by the next run, which appends to it", async () => {
    const first = new Journal(path(), "dev", say);
    first.write(OUT, BEGIN, BEGIN);
    await first.close();
    const second = new Journal(path(), "dev", say);
    second.write(OUT, BEGIN, BEGIN);
    await second.close();
    expect(readFileSync(path(), "utf8").trim().split("\n")).toHaveLength(2);
  });

  test("is rotated when it has reached 2 MiB", async () => {
    mkdirSync(dirname(path()));
    writeFileSync(path(), "x".repeat(2 * 1024 * 1024));
    const next = new Journal(path(), "dev", say);
    next.write(OUT, BEGIN, BEGIN);
    await next.close();
    const last = new Journal(path(), "dev", say);
    last.write(OUT, BEGIN, BEGIN);
    await last.close();
    expect(readdirSync(join(folder, "autoscale")).sort()).toEqual([
      "dev.decisions.jsonl",
      "dev.decisions.jsonl.1",
    ]);
  });
});

describe("the memory", () => {
  const MEMORY: Memory = {
    lastOut: BEGIN,
    lastIn: null,
    failedIn: null,
    failures: { count: 2, at: BEGIN },
    failedMends: null,
    unfinished: { from: 2, to: 3 },
    samples: [OUT.sample],
    counters: { zone1: { boot: "a", uptime: 100, bytes: 5_000, busy: 300, ticks: 1_000 } },
  };

  test("is empty at first, and then contains what was written", () => {
    const file = join(folder, "autoscale", "dev.json");
    expect(new MemoryFile(file).read()).toEqual({
      lastOut: null,
      lastIn: null,
      failedIn: null,
      failures: null,
      failedMends: null,
      unfinished: null,
      samples: [],
      counters: {},
    });
    new MemoryFile(file).write(MEMORY);
    expect(new MemoryFile(file).read()).toEqual(MEMORY);
    expect(statSync(file).mode & 0o777).toBe(0o640);
    expect(readdirSync(join(folder, "autoscale"))).toEqual(["dev.json"]);
  });

  test("that an earlier version wrote is read with null for the fields that are missing", () => {
    const file = join(folder, "dev.json");
    const { failedIn: _in, failedMends: _mends, ...earlier } = MEMORY;
    writeFileSync(file, JSON.stringify(earlier));
    expect(new MemoryFile(file).read()).toEqual(MEMORY);
  });

  test.each([
    ["is one minute old", { lastOut: null }, 60_000, MEMORY.counters],
    ["is 150 s old", { lastOut: null }, 150_000, MEMORY.counters],
    ["is more than 150 s old", { lastOut: null }, 150_001, {}],
    ["was taken before a scale-out", { lastOut: BEGIN + 1 }, 60_000, {}],
    ["was taken before a scale-in", { lastOut: null, lastIn: BEGIN + 1 }, 60_000, {}],
    ["was taken before a failed scale-in", { lastOut: null, failedIn: BEGIN + 1 }, 60_000, {}],
    ["does not exist", { lastOut: null, samples: [] }, 60_000, {}],
  ])(
    "gives the next run its counters if they are at most 150 s old and newer than any change: the last sample %s",
    (_, change, age, counters) => {
      expect(countersToResumeFrom({ ...MEMORY, ...change }, BEGIN + age)).toEqual(counters);
    },
  );

  test("causes an error if its file is not valid JSON", () => {
    const file = join(folder, "dev.json");
    writeFileSync(file, "{");
    expect(() => new MemoryFile(file).read()).toThrow(`${file} cannot be read`);
  });

  test("causes an OperatorError if its file cannot be written", () => {
    writeFileSync(join(folder, "autoscale"), "");
    const file = join(folder, "autoscale", "dev.json");
    expect(() => {
      new MemoryFile(file).write(MEMORY);
    }).toThrow(OperatorError);
  });

  test("of a read-only run is kept, but is not written to the file", () => {
    const file = new MemoryFile(join(folder, "dev.json"));
    const memory = readOnly(file);
    memory.write(MEMORY);
    expect(memory.read()).toEqual(MEMORY);
    expect(readdirSync(folder)).toEqual([]);
  });
});

test("only one autoscaler of a stack runs at a time", async () => {
  const file = join(folder, "dev.json");
  const release = await lockAutoscaler(file);
  await expect(lockAutoscaler(file)).rejects.toThrow("another autoscaler of this stack is running");
  (await lockAutoscaler(join(folder, "other.json")))();
  release();
  (await lockAutoscaler(file))();
});

describe("the metrics for Prometheus", () => {
  const figures = async (exporter: Exporter): Promise<string[]> =>
    (await exporter.text()).split("\n").filter((line) => line !== "" && !line.startsWith("#"));

  test("have the values of the last tick, leave out unknown values, and count decisions and failures", async () => {
    const exporter = new Exporter();
    exporter.record(
      report({ sample: { ...OUT.sample, sessions: null, unknown: null, zones: [] } }),
    );
    exporter.record({ ...OUT, ok: false });
    exporter.fail();
    expect(await figures(exporter)).toEqual([
      "trunkline_zones 2",
      "trunkline_zones_wanted 3",
      "trunkline_sessions 15",
      "trunkline_unknown_connections 3",
      `trunkline_last_tick_timestamp_seconds ${String(BEGIN / 1000)}`,
      'trunkline_zone_calls{zone="zone1"} 7',
      'trunkline_zone_registrations{zone="zone1"} 12',
      'trunkline_zone_bytes_per_second{zone="zone1"} 125000',
      'trunkline_zone_cpu_ratio{zone="zone1"} 0.25',
      'trunkline_decisions_total{action="hold"} 1',
      'trunkline_decisions_total{action="out"} 1',
      "trunkline_failures_total 2",
    ]);
  });

  test("are served at /metrics on 127.0.0.1 only", async () => {
    const exporter = new Exporter();
    exporter.record(OUT);
    const server = await exporter.listen(0);
    const { address, port } = server.address() as { address: string; port: number };
    expect(address).toBe("127.0.0.1");
    const answer = await fetch(`http://127.0.0.1:${String(port)}/metrics`);
    expect([answer.status, await answer.text()]).toEqual([200, await exporter.text()]);
    expect((await fetch(`http://127.0.0.1:${String(port)}/`)).status).toBe(404);
    await expect(new Exporter().listen(port)).rejects.toThrow(
      `--metrics-port ${String(port)} cannot be used`,
    );
    server.close();
  });
});

test("--explain names the zones that are out of the rotation, except a zone that is being removed", () => {
  const { decision } = report();
  const state = { ...STATE, zones: 2 };
  const out = [
    { name: "zone2", number: 2 },
    { name: "zone3", number: 3 },
  ];
  const lines = explanation({ decision, state, sample: { ...OUT.sample, out } }).split("\n");
  expect(lines).toContain("zone2 is out of the rotation");
});

test("--explain names the zones that HAProxy marks as down", () => {
  const zones = OUT.sample.zones.map((zone) => ({ ...zone, down: zone.name === "zone1" }));
  const lines = explanation({
    decision: report().decision,
    state: { ...STATE, zones: 2 },
    sample: { ...OUT.sample, zones },
  }).split("\n");
  expect(lines).toContain("HAProxy reports as down: zone1");
});

test("--explain prints the sample, the criteria with their thresholds, and the planned change", () => {
  const text = explanation({
    decision: {
      ...OUT.decision,
      criteria: [
        { name: "calls", found: "9 calls", threshold: "3 a zone", zones: 3 },
        { name: "cpu", found: "unknown", threshold: "80 %", zones: null },
      ],
    },
    state: { ...STATE, zones: 2 },
    sample: OUT.sample,
  });
  expect(text.replace(/[^\S\n]+/g, " ").split("\n")).toEqual([
    "┌───────┬─────────┬─────────┬────────────┬────────────┐",
    "│ zone │ calls │ phones │ throughput │ processors │",
    "├───────┼─────────┼─────────┼────────────┼────────────┤",
    "│ zone1 │ 7 │ 12 │ 125 kB/s │ 25 % │",
    "├───────┼─────────┼─────────┼────────────┼────────────┤",
    "│ zone2 │ unknown │ unknown │ unknown │ unknown │",
    "└───────┴─────────┴─────────┴────────────┴────────────┘",
    "zone2: no answer in 8 s",
    "connections without a registered phone: 3; they add no zone",
    "┌───────────┬─────────┬───────────┬───────┐",
    "│ criterion │ value │ threshold │ zones │",
    "├───────────┼─────────┼───────────┼───────┤",
    "│ calls │ 9 calls │ 3 a zone │ 3 │",
    "├───────────┼─────────┼───────────┼───────┤",
    "│ cpu │ unknown │ 80 % │ │",
    "└───────────┴─────────┴───────────┴───────┘",
    "would add zones, from 2 to 3: 2 zones carry 9 calls",
  ]);
});
