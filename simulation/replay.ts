import { Fleet, type Times } from "./fleet";
import type { Result, ScalingRule } from "./rule";
import { secondsOf, type Trace } from "./trace";

export interface Replay extends Result {
  /** One point for each minute. */
  readonly points: readonly Point[];
}

export interface Point {
  /** Seconds since midnight of the simulated day. */
  readonly seconds: number;
  readonly calls: number;
  /** Number of zones in service. */
  readonly serving: number;
  /** Number of zones that cost money. */
  readonly paid: number;
  /** Zone-hours since the start of the trace. */
  readonly zoneHours: number;
}

/** Seconds between two points. */
const POINT = 60;

/**
 * Replays a trace second by second. A second counts as overload if each zone in service would have to carry more than
 * `callsPerZone` calls.
 */
export function replay(
  rule: ScalingRule,
  trace: Trace,
  callsPerZone: number,
  times: Times,
): Replay {
  const fleet = new Fleet(rule.first, times);
  const points: Point[] = [];
  let [zoneSeconds, overload, moves] = [0, 0, 0];
  let last = -Infinity;
  for (const load of secondsOf(trace)) {
    const { seconds, calls } = load;
    fleet.pass(seconds);
    const before = fleet.serving + fleet.coming;
    rule.look(load, fleet);
    if (fleet.serving + fleet.coming !== before) moves += 1;
    if (fleet.share(calls) > callsPerZone) overload += 1;
    if (seconds - last >= POINT) {
      const { serving, paid } = fleet;
      points.push({ seconds, calls, serving, paid, zoneHours: zoneSeconds / 3600 });
      last = seconds;
    }
    zoneSeconds += fleet.paid;
  }
  return {
    rule: rule.name,
    zoneHours: rounded(zoneSeconds / 3600),
    overloadMinutes: rounded(overload / 60),
    moves,
    points,
  };
}

const rounded = (value: number): number => Number(value.toFixed(2));
