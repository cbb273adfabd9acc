import { formatDuration } from "../core/duration";
import { count, namesOf, verb } from "../core/format";
import type { Criterion } from "./decision";
import { metricsOf, type Metric } from "./measures";
import type { Policy } from "./policy";
import type { Sample } from "./sample";
import { samplesCovering, type ZoneLoad } from "./zone-load";

/** A criterion with the text to use if it becomes the reason for the decision. */
export interface Argument extends Criterion {
  readonly reason: string;
}

/** Tolerance for floating-point errors: (0.1 + 0.2) / 0.1 must give three zones, not four. */
const ROUNDING = 1e-9;

/** Returns the smallest number of zones that can carry `load`. */
export const zonesFor = (load: number, { perZone }: Metric): number =>
  Math.ceil(load / perZone - ROUNDING);

interface KnownLoad extends ZoneLoad {
  readonly load: number;
}

/** Returns how many zones the load needs, for each metric of the policy. */
export function demands(
  samples: readonly Sample[],
  policy: Policy,
  now: number,
): readonly Argument[] {
  return metricsOf(policy).map((metric) => {
    const { window } = metric;
    const loads = metric.loads(samples, now);
    const known = loads.filter((zone): zone is KnownLoad => zone.load !== null);
    const inTime =
      window === null ||
      samplesCovering(samples, now, { seconds: window, interval: policy.interval }) !== null;
    // The rates of a new zone are unknown until its second reading. Until then, the metric is unknown.
    const isNew = loads.some(({ load, isRead }) => load === null && isRead);
    if (known.length === 0 || isNew || !inTime) {
      return { ...titleOf(metric), found: "unknown", zones: null, reason: "" };
    }
    const unknown = loads.filter(({ load }) => load === null).map(({ name }) => name);
    return demand(metric, known, unknown);
  });
}

const titleOf = ({ name, threshold }: Metric) => ({ name, threshold });

/**
 * Returns how many zones the load needs by one metric. A zone with unknown load counts as full, because the zone may be
 * busy, and may be unable to take load from other zones.
 */
function demand(metric: Metric, known: readonly KnownLoad[], unknown: readonly string[]): Argument {
  const carried = known.reduce((sum, { load }) => sum + load, 0);
  const forAll = zonesFor(carried + metric.spare, metric) + unknown.length;
  const hot = hottest(metric, known);
  const zones = Math.max(1, forAll, hot === null ? 0 : known.length + unknown.length + 1);
  const found = [metric.format(carried), ...unknown.map((name) => `${name} unknown`)].join(", ");
  const names = known.map(({ name }) => name);
  const blind =
    unknown.length === 0
      ? ""
      : `, ${namesOf(unknown)} cannot be read and ${verb(unknown, "counts", "count")} as full`;
  const reason =
    hot !== null && zones > forAll
      ? `${hot.name} ${metric.verb[0]} ${metric.format(hot.load)}${mean(metric)}, more than the ` +
        `${metric.format(metric.perZone)} of a zone; another zone must share the load`
      : `${namesOf(names)} ${verb(names, ...metric.verb)} ${metric.format(carried)}` +
        `${mean(metric)}${blind}; ${need(metric, zones)}`;
  return { ...titleOf(metric), found, zones, reason };
}

const mean = ({ window }: Metric): string =>
  window === null ? "" : ` (mean of ${formatDuration(window)})`;

const need = ({ name, spare, perZone, format }: Metric, zones: number): string =>
  `${spare > 0 ? `with ${String(spare)} spare they need` : "that needs"} ` +
  `${count(zones, "zone")} of ${name === "calls" ? String(perZone) : format(perZone)}`;

/**
 * Returns the zone with the highest mean, if this mean exceeds the capacity of a zone and all other zones are at least
 * half full; else null. A zone that is less than half full takes no load from the busy zone, so an additional zone
 * would not take any either. Always returns null for a metric that is not a mean.
 */
function hottest(metric: Metric, known: readonly KnownLoad[]): KnownLoad | null {
  if (metric.window === null) {
    return null;
  }
  const sorted = [...known].sort((one, other) => other.load - one.load);
  const [most, least] = [sorted[0], sorted.at(-1)];
  return most !== undefined &&
    least !== undefined &&
    most.load > metric.perZone + ROUNDING &&
    least.load >= metric.perZone / 2
    ? most
    : null;
}
