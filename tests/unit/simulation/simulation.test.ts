import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { OperatorError } from "../../../core/errors";
import { ROOT } from "../../../core/paths";
import { compare } from "../../../simulation/compare";
import { Fleet } from "../../../simulation/fleet";
import { FixedFleet, NoonSample, ProcessorAlarm } from "../../../simulation/other-rules";
import { picture } from "../../../simulation/picture";
import { parsePolicy } from "../../../simulation/policy-file";
import { replay } from "../../../simulation/replay";
import { parseTrace, secondsOf, type Trace } from "../../../simulation/trace";
import { MIDNIGHT, POLICY } from "../../support/autoscaler";

const FOLDER = join(ROOT, "simulation");
const TIMES = { boot: 90, call: 180 };

const traceOf = (...rows: readonly string[]): Trace =>
  parseTrace(["seconds,calls,bytesPerSecond", ...rows].join("\n"), "day.csv");

/** Returns a trace from midnight to midnight with a constant number of calls. */
const steady = (calls: number): Trace =>
  traceOf(
    `0,${String(calls)},${String(calls * 42_800)}`,
    `86400,${String(calls)},${String(calls * 42_800)}`,
  );

describe("a trace", () => {
  test("is interpolated between its rows", () => {
    expect([...secondsOf(traceOf("0,0,0", "2,10,300", "3,10,0"))]).toEqual([
      { seconds: 0, calls: 0, bytesPerSecond: 0 },
      { seconds: 1, calls: 5, bytesPerSecond: 150 },
      { seconds: 2, calls: 10, bytesPerSecond: 300 },
    ]);
  });

  test.each([
    ["no header", "0,1,2", "day.csv:1 is not the header; use seconds,calls,bytesPerSecond"],
    [
      "a cell that is not a number",
      "seconds,calls,bytesPerSecond\n0,1,2\n60,-1,2",
      "day.csv:3 is not three numbers; use a line such as 43200,120,5100000",
    ],
    [
      "an empty line in the middle",
      "seconds,calls,bytesPerSecond\n0,1,2\n\n60,1,2",
      "day.csv:3 is not three numbers; use a line such as 43200,120,5100000",
    ],
    [
      "a line that goes back in time",
      "seconds,calls,bytesPerSecond\n60,1,2\n60,1,2",
      "day.csv:3 is not later than the line before; sort the lines by seconds",
    ],
    [
      "a single row",
      "seconds,calls,bytesPerSecond\n0,1,2\n",
      "day.csv:2 ends the file too early; a trace has two or more lines of load",
    ],
  ])("with %s is rejected with the number of the line", (_, text, message) => {
    expect(() => parseTrace(text, "day.csv")).toThrow(new OperatorError(message));
  });
});

describe("a policy", () => {
  test("comes from a stack's configuration, with the prices of its flavors", () => {
    const text =
      "config: { pbx:flavor: a, pbx:autoscale: { max: 2, callsPerZone: 10, prices: { a: 3 } } }";
    const { policy, prices } = parsePolicy(text, "p.yaml");
    expect([policy.max, policy.spareCalls, prices]).toEqual([2, 2, { controller: 3, zone: 3 }]);
  });

  test("may be JSON text, as pulumi config set writes it", () => {
    const text = `config: { pbx:autoscale: '{"max":4,"callsPerZone":80}' }`;
    expect(parsePolicy(text, "p.yaml").policy).toMatchObject({ max: 4, callsPerZone: 80 });
    expect(() => parsePolicy("config: { pbx:autoscale: on }", "p.yaml")).toThrow(
      "p.yaml: pbx:autoscale is not an object; write one such as { max: 4, callsPerZone: 80 }",
    );
  });

  test.each([
    ["config: {}", "p.yaml has no pbx:autoscale; add one such as { max: 4, callsPerZone: 80 }"],
    [
      "config: { pbx:autoscale: { max: 2 } }",
      "p.yaml: pbx:autoscale.callsPerZone is missing; write a whole number, such as 80",
    ],
    [
      "config: { pbx:autoscale: { min: 3, max: 2, callsPerZone: 80 } }",
      "p.yaml: pbx:autoscale.min is 3, more than max, which is 2; lower min or raise max",
    ],
  ])("with a fault is rejected: %s", (text, message) => {
    expect(() => parsePolicy(text, "p.yaml")).toThrow(new OperatorError(message));
  });
});

test("a zone costs money from its order until its last call has ended", () => {
  const fleet = new Fleet(1, TIMES);
  fleet.resize(2, 0, 100);
  fleet.pass(89);
  expect([fleet.serving, fleet.paid, fleet.share(100)]).toEqual([1, 2, 100]);
  fleet.pass(90);
  expect([fleet.serving, fleet.paid, fleet.share(100)]).toEqual([2, 2, 50]);
  fleet.resize(1, 90, 100);
  expect([fleet.serving, fleet.paid, fleet.share(100)]).toEqual([1, 2, 50]);
  // The zone has 50 calls, with a mean duration of 180 s. Less than half a call remains after 180 s × ln 100 = 829 s.
  for (let now = 91; now <= 90 + 828; now++) fleet.pass(now);
  expect(fleet.paid).toBe(2);
  fleet.pass(919);
  expect([fleet.serving, fleet.paid, fleet.share(100)]).toEqual([1, 1, 100]);
});

describe("the rules for comparison", () => {
  const results = (calls: number) =>
    [new NoonSample(POLICY), new ProcessorAlarm(POLICY), new FixedFleet(POLICY, steady(calls))].map(
      (rule) => {
        const { points: _, ...result } = replay(rule, steady(calls), POLICY.callsPerZone, TIMES);
        return result;
      },
    );

  test("differ for 160 calls, which need two zones of 80", () => {
    expect(results(160)).toEqual([
      // Over capacity until two minutes after noon: the samples take 30 s, and the boot of a zone takes 90 s.
      { rule: "noon-sample", zoneHours: 35.99, overloadMinutes: 721.98, moves: 1 },
      // The alarm adds a zone in each of four minutes, until the new zones bring the processor usage below 80 %.
      { rule: "cpu-alarm", zoneHours: 119.7, overloadMinutes: 4.48, moves: 4 },
      { rule: "fixed-fleet", zoneHours: 48, overloadMinutes: 0, moves: 0 },
    ]);
  });

  test("do not scale if one zone is enough", () => {
    expect(results(60).map(({ moves, overloadMinutes }) => [moves, overloadMinutes])).toEqual([
      [0, 0],
      [0, 0],
      [0, 0],
    ]);
  });
});

describe("the included traces", () => {
  const files = readdirSync(join(FOLDER, "traces")).filter((file) => file.endsWith(".csv"));
  const { policy, prices } = parsePolicy(readFileSync(join(FOLDER, "policy.yaml"), "utf8"), "");

  test("are the four expected files", () => {
    expect(files).toEqual([
      "diurnal-office.csv",
      "flash-crowd.csv",
      "noon-spike.csv",
      "sawtooth.csv",
    ]);
  });

  test.each(files)(
    "have less overload with trunkline than with noon-sample or cpu-alarm, and cost no more than fixed-fleet: %s",
    (file) => {
      const trace = parseTrace(readFileSync(join(FOLDER, "traces", file), "utf8"), file);
      const replays = compare(trace, policy, { ...TIMES, midnight: MIDNIGHT });
      const [ours, noon, alarm, fixed] = replays;
      expect(replays.map(({ rule }) => rule)).toEqual([
        "trunkline",
        "noon-sample",
        "cpu-alarm",
        "fixed-fleet",
      ]);
      expect(ours?.overloadMinutes).toBeLessThan(noon?.overloadMinutes ?? 0);
      expect(ours?.overloadMinutes).toBeLessThan(alarm?.overloadMinutes ?? 0);
      expect(ours?.zoneHours).toBeLessThanOrEqual(fixed?.zoneHours ?? 0);
    },
  );

  test("include the office trace, which gives the picture in docs/simulation.svg", () => {
    const file = "diurnal-office.csv";
    const trace = parseTrace(readFileSync(join(FOLDER, "traces", file), "utf8"), file);
    const replays = compare(trace, policy, { ...TIMES, midnight: MIDNIGHT });
    const drawn = picture(replays, {
      title: "diurnal-office",
      callsPerZone: policy.callsPerZone,
      prices,
    });
    expect(readFileSync(join(ROOT, "docs/simulation.svg"), "utf8")).toBe(drawn);
  });
});
