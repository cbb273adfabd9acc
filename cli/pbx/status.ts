import { setTimeout as sleep } from "node:timers/promises";
import { Metrics, type ObservedZone, sampleOf } from "../../autoscaler/metrics";
import { trunkPeersOf } from "../../nodes/asterisk/activity";
import { type LoggedDecision, lastDecision } from "../../autoscaler/decision-log";
import { decisionLog } from "../../core/paths";
import { table } from "../table";
import {
  type Command,
  FIRST_ANSWER,
  inEachZone,
  type PbxContext,
  printJson,
  refreshed,
} from "./command";
import { orUnknown, placeText, shareText, throughputText } from "./words";

const HELP = `Shows how the exchange is: zones, phones, calls, load, trunk, and what the autoscaler last decided.

  npm run pbx -- status

Options:
  --watch        again every five seconds, until Ctrl-C
  --json         for a program; with --watch, one line each time
  --stack NAME   the stack to look at (dev)
  -h, --help     this text

Throughput and processor use are those of the two seconds that it takes, or since the look before.`;

/** Between the two looks that a rate takes, and between those of --watch, in milliseconds. */
const FIRST_INTERVAL = 2_000;
const INTERVAL = 5_000;

const HEAD = [
  "zone",
  "rotation",
  "phones",
  "calls",
  "throughput",
  "CPU",
  "trunk peers",
  "connections",
];

interface ZoneStatus extends ObservedZone {
  /** Other zones that it reaches on the trunk, of those there are; null when it cannot be seen. */
  readonly trunk: { readonly reached: number; readonly total: number } | null;
}

interface Status {
  readonly stack: string;
  readonly controllerAddress: string;
  readonly at: number;
  /** Connections of HAProxy with all zones, and those of them that no registered phone has. */
  readonly sessions: number | null;
  readonly unknown: number | null;
  readonly zones: readonly ZoneStatus[];
  readonly faults: readonly string[];
  readonly lastDecision: LoggedDecision | null;
}

export const status: Command = {
  help: HELP,
  operands: ["status"],
  async run(desk) {
    const metrics = new Metrics(desk.connections, FIRST_ANSWER);
    await metrics.observe(desk.nodes);
    await sleep(FIRST_INTERVAL);
    let known = desk;
    for (;;) {
      const { desk: now, fault } = await refreshed(known);
      known = now;
      const found = await look(now, metrics, fault);
      if (desk.json && desk.watch) console.log(JSON.stringify(found));
      else if (desk.json) printJson(found);
      else print(found, desk.watch);
      if (!desk.watch) return;
      await sleep(INTERVAL);
    }
  },
};

/** @param fault why the nodes may be others by now; null where they are those there are. */
async function look(desk: PbxContext, metrics: Metrics, fault: string | null): Promise<Status> {
  const [observation, peers] = await Promise.all([
    metrics.observe(desk.nodes),
    inEachZone(desk, trunkPeersOf),
  ]);
  const zones = observation.zones.map((zone, index): ZoneStatus => {
    const seen = peers[index]?.value ?? null;
    return {
      ...zone,
      trunk: seen && { reached: seen.filter(({ ok }) => ok).length, total: seen.length },
    };
  });
  const { sessions, unknown } = sampleOf(observation);
  return {
    stack: desk.stack,
    controllerAddress: desk.outputs.controllerAddress,
    at: observation.at,
    sessions,
    unknown,
    zones,
    faults: [fault, observation.fault, ...zones.map((zone) => zone.fault)].filter(
      (some) => some !== null,
    ),
    lastDecision: lastDecision(decisionLog(desk.stack)),
  };
}

function print(found: Status, watch: boolean): void {
  if (watch && process.stdout.isTTY) console.clear();
  const { stack, controllerAddress, sessions, unknown, zones, faults } = found;
  const connections = `connections: ${orUnknown(sessions, String)}`;
  const strangers = `without a registered phone: ${orUnknown(unknown, String)}`;
  console.log(`stack ${stack}: controller ${controllerAddress}, ${connections}, ${strangers}`);
  console.log(table(zones.map(row), HEAD));
  for (const fault of faults) console.log(fault);
  console.log(decisionText(found.lastDecision));
}

function row({ name, place, reading, trunk }: ZoneStatus): string[] {
  const rate = (value: number | null | undefined, text: (value: number) => string): string =>
    orUnknown(value ?? null, text);
  return [
    name,
    orUnknown(place, placeText),
    rate(reading?.registrations, String),
    rate(reading?.calls, String),
    rate(reading?.bytesPerSecond, throughputText),
    rate(reading?.cpu, shareText),
    orUnknown(trunk, ({ reached, total }) => `${String(reached)} of ${String(total)}`),
    rate(place?.connections, String),
  ];
}

function decisionText(decision: LoggedDecision | null): string {
  if (decision === null) return "no autoscaler has run here";
  const { time, action, zones, reason, outcome } = decision;
  const end = outcome === undefined || outcome === null ? "" : ` (${outcome})`;
  return `autoscaler, ${time}: ${action}, zones: ${String(zones)}: ${reason}${end}`;
}
