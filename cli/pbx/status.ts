import { setTimeout as sleep } from "node:timers/promises";
import { type LoggedDecision, lastDecision } from "../../autoscaler/decision-log";
import { Metrics, type ObservedZone, sampleOf } from "../../autoscaler/metrics";
import { bytesPerSecond, percent } from "../../core/format";
import { decisionLog } from "../../core/paths";
import { trunkPeersOf } from "../../nodes/asterisk/activity";
import { table } from "../terminal";
import {
  type Command,
  FIRST_ANSWER,
  inEachZone,
  type PbxContext,
  printJson,
  refreshed,
} from "./pbx-context";
import { orUnknown, placeText } from "./words";

const HELP = `Shows zones, phones, calls, load and trunk of the exchange, and the autoscaler's last decision.

  npm run pbx -- status

Options:
  --watch        repeat about every five seconds, until Ctrl-C
  --json         print JSON; with --watch, one line each time
  --stack NAME   the stack to use (default: PULUMI_STACK, or dev)
  -h, --help     print this text

Throughput and processor use are averages: over about two seconds in the first output, and since the
previous output in each further output of --watch.`;

/** Milliseconds from the first observation to the next one. A rate needs two observations. */
const FIRST_INTERVAL = 2_000;
/** Milliseconds from an output of `--watch` to the next observation. */
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
  /** Number of trunk peers that the zone reaches, and number of all its trunk peers; null if unknown. */
  readonly trunk: { readonly reached: number; readonly total: number } | null;
}

interface Status {
  readonly stack: string;
  readonly controllerAddress: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  /** Number of connections through HAProxy to all zones; null if unknown. */
  readonly sessions: number | null;
  /** Number of connections without a registered phone; null if unknown. */
  readonly unknown: number | null;
  readonly zones: readonly ZoneStatus[];
  readonly faults: readonly string[];
  readonly lastDecision: LoggedDecision | null;
}

export const status: Command = {
  help: HELP,
  operands: ["status"],
  async run(context) {
    const metrics = new Metrics(context.connections, FIRST_ANSWER);
    await metrics.observe(context.nodes);
    await sleep(FIRST_INTERVAL);
    let known = context;
    for (;;) {
      const { context: now, fault } = await refreshed(known);
      known = now;
      const found = await observe(now, metrics, fault);
      if (context.json && context.watch) console.log(JSON.stringify(found));
      else if (context.json) printJson(found);
      else print(found, context.watch);
      if (!context.watch) return;
      await sleep(INTERVAL);
    }
  },
};

/** Observes the exchange. @param fault why the nodes of `context` may be outdated; null if they are current */
async function observe(
  context: PbxContext,
  metrics: Metrics,
  fault: string | null,
): Promise<Status> {
  const [observation, peers] = await Promise.all([
    metrics.observe(context.nodes),
    inEachZone(context, trunkPeersOf),
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
    stack: context.stack,
    controllerAddress: context.outputs.controllerAddress,
    at: observation.at,
    sessions,
    unknown,
    zones,
    faults: [fault, observation.fault, ...zones.map((zone) => zone.fault)].filter(
      (some) => some !== null,
    ),
    lastDecision: lastDecision(decisionLog(context.stack)),
  };
}

function print(found: Status, watch: boolean): void {
  if (watch && process.stdout.isTTY) console.clear();
  const { stack, controllerAddress, sessions, unknown, zones, faults } = found;
  const connections = `connections: ${orUnknown(sessions, String)}`;
  const unregistered = `without a registered phone: ${orUnknown(unknown, String)}`;
  console.log(`stack ${stack}: controller ${controllerAddress}, ${connections}, ${unregistered}`);
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
    rate(reading?.bytesPerSecond, bytesPerSecond),
    rate(reading?.cpu, percent),
    orUnknown(trunk, ({ reached, total }) => `${String(reached)} of ${String(total)}`),
    rate(place?.connections, String),
  ];
}

function decisionText(decision: LoggedDecision | null): string {
  if (decision === null) return "no decision of an autoscaler for this stack in this clone";
  const { time, action, zones, reason, outcome } = decision;
  const end = outcome === undefined || outcome === null ? "" : ` (${outcome})`;
  return `autoscaler, ${time}: ${action}, zones: ${String(zones)}: ${reason}${end}`;
}
