import type { Sample, ZoneReading } from "./sample";

/** The load of a zone by one metric. */
export interface ZoneLoad {
  readonly name: string;
  /** Whether the latest sample has a reading of the zone. */
  readonly isRead: boolean;
  /** Null if unknown. May be null even if `isRead`, because the first reading of a zone has no rates. */
  readonly load: number | null;
}

/** Returns the samples of the last `seconds` up to `at`, which is in milliseconds since 1970. */
export function samplesOf(
  samples: readonly Sample[],
  at: number,
  seconds: number,
): readonly Sample[] {
  return samples.filter((sample) => sample.at <= at && sample.at > at - seconds * 1000);
}

/** A period that samples must cover. */
interface Span {
  readonly seconds: number;
  /** Seconds between two samples, as the policy sets them. */
  readonly interval: number;
}

/** Gap in seconds between two samples that is always allowed: cron may start runs with `--once` two minutes apart. */
export const MAX_SAMPLE_GAP = 150;

/** Returns how many seconds may pass between two samples. During a longer gap, the load is unknown. */
const longestGap = ({ seconds, interval }: Span): number =>
  Math.max(MAX_SAMPLE_GAP, 3 * interval, seconds / 4);

/** Returns for how many seconds samples must be kept, so that they can cover `span`. */
export const retentionFor = (span: Span): number => span.seconds + longestGap(span);

/**
 * Returns the samples that cover the whole `span` that ends at `at`; null if they do not cover the span. If the first
 * sample in the span is late, the last sample before the span is needed as well: that sample shows the load at the
 * start of the span.
 */
export function samplesCovering(
  samples: readonly Sample[],
  at: number,
  span: Span,
): readonly Sample[] | null {
  const begin = at - span.seconds * 1000;
  const inTime = samplesOf(samples, at, span.seconds);
  const [first] = inTime;
  if (first === undefined) return null;
  const isLate = first.at - begin > 1.5 * span.interval * 1000;
  const before = samples.filter((sample) => sample.at <= begin).at(-1);
  if (isLate && before === undefined) return null;
  const seen = isLate && before !== undefined ? [before, ...inTime] : inTime;
  const times = [...seen.map((sample) => sample.at), at];
  const gaps = times.slice(1).map((time, index) => time - (times[index] ?? time));
  return gaps.every((gap) => gap <= longestGap(span) * 1000) ? seen : null;
}

/**
 * Returns the number of calls or registered phones of each zone of the latest sample. The number is from the zone's
 * newest reading in the last `window` seconds, and null if there is no such reading.
 */
export function countByZone(
  samples: readonly Sample[],
  at: number,
  window: number,
  metric: "calls" | "registrations",
): readonly ZoneLoad[] {
  return byZone(samplesOf(samples, at, window), (readings) => readings.at(-1)?.[metric] ?? null);
}

/** Returns the mean of `metric` over the last `window` seconds for each zone of the latest sample. */
export function meanByZone(
  samples: readonly Sample[],
  at: number,
  window: number,
  metric: "bytesPerSecond" | "cpu",
): readonly ZoneLoad[] {
  return byZone(samplesOf(samples, at, window), (readings) => {
    const known = readings.flatMap(({ [metric]: value }) => (value === null ? [] : [value]));
    return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0) / known.length;
  });
}

function byZone(
  samples: readonly Sample[],
  load: (readings: readonly ZoneReading[]) => number | null,
): readonly ZoneLoad[] {
  return (samples.at(-1)?.zones ?? []).map(({ name, reading }) => ({
    name,
    isRead: reading !== null,
    load: load(
      samples.flatMap(({ zones }) => zones.find((zone) => zone.name === name)?.reading ?? []),
    ),
  }));
}
