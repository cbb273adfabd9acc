import { readFile, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { parseDuration } from "../core/duration";
import { OperatorError } from "../core/errors";
import { main } from "../core/main";
import { ROOT } from "../core/paths";
import { compare } from "../simulation/compare";
import { picture } from "../simulation/picture";
import { parsePolicy } from "../simulation/policy-file";
import type { Result } from "../simulation/rule";
import { parseTrace } from "../simulation/trace";
import { parseArguments } from "./arguments";
import { table } from "./terminal";

const HELP = `Replays a day of calls with the decisions of the autoscaler, and with other rules for comparison.

  npm run simulate -- --trace FILE [options]

A trace is CSV with the header seconds,calls,bytesPerSecond. Examples are in simulation/traces/.

Options:
  --trace FILE     the trace of the day; second 0 is midnight of --day
  --policy FILE    a stack configuration with pbx:autoscale (default: simulation/policy.yaml)
  --stack NAME     the same as --policy Pulumi.NAME.yaml
  --boot TIME      time from the request for a zone until the zone takes calls (default: 90s)
  --call TIME      mean length of a call, which a draining zone waits for (default: 3m)
  --day DATE       date for schedules, in UTC (default: 2026-01-05, a Monday)
  --svg FILE       write a chart of load, zones and cost
  --json           print JSON: [{ rule, zoneHours, overloadMinutes, moves }, …]
  -h, --help       print this text`;

const SHIPPED_POLICY = join(ROOT, "simulation/policy.yaml");

main(async () => {
  const values = parseArguments(HELP, {
    trace: { type: "string" },
    policy: { type: "string" },
    stack: { type: "string", default: "" },
    boot: { type: "string", default: "90s" },
    call: { type: "string", default: "3m" },
    day: { type: "string", default: "2026-01-05" },
    svg: { type: "string" },
    json: { type: "boolean", default: false },
  });
  if (values.trace === undefined) throw new OperatorError("--trace is missing; see --help");
  const ofStack = values.stack === "" ? SHIPPED_POLICY : join(ROOT, `Pulumi.${values.stack}.yaml`);
  const trace = parseTrace(await read(values.trace), values.trace);
  const policyFile = values.policy ?? ofStack;
  const { policy, prices } = parsePolicy(await read(policyFile), policyFile);
  const replays = compare(trace, policy, {
    midnight: midnightOf(values.day),
    boot: durationOf("--boot", values.boot),
    call: durationOf("--call", values.call),
  });
  if (values.svg !== undefined) {
    const title = basename(values.trace, ".csv");
    await write(values.svg, picture(replays, { title, callsPerZone: policy.callsPerZone, prices }));
  }
  const results = replays.map(({ points: _, ...result }): Result => result);
  console.log(values.json ? JSON.stringify(results, null, 2) : tableOf(results));
});

function tableOf(results: readonly Result[]): string {
  return table(
    results.map(({ rule, zoneHours, overloadMinutes, moves }) => [
      rule,
      zoneHours.toFixed(1),
      overloadMinutes.toFixed(1),
      String(moves),
    ]),
    ["rule", "zone-hours", "minutes over capacity", "moves"],
  );
}

async function read(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    throw new OperatorError(`cannot read ${file}: ${(error as Error).message}`);
  }
}

async function write(file: string, text: string): Promise<void> {
  try {
    await writeFile(file, text);
  } catch (error) {
    throw new OperatorError(`cannot write ${file}: ${(error as Error).message}`);
  }
}

/** Parses the value of an option into seconds. @throws OperatorError if `text` is not a duration, or is 0 */
function durationOf(option: string, text: string): number {
  const seconds = parseDuration(text) ?? 0;
  if (seconds === 0) {
    throw new OperatorError(`${option} ${text} is not a duration; use one such as 90s`);
  }
  return seconds;
}

/** Returns the start of `day` in UTC, in milliseconds since 1970. @throws OperatorError if `day` is not a date */
function midnightOf(day: string): number {
  const midnight = /^\d{4}-\d{2}-\d{2}$/.test(day) ? Date.parse(`${day}T00:00:00Z`) : NaN;
  if (Number.isNaN(midnight)) {
    throw new OperatorError(`--day ${day} is not a date; use one such as 2026-01-05`);
  }
  return midnight;
}
