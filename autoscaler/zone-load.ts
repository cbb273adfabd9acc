import type { Sample, ZoneReading } from "./sample";

/** The load of a zone by one metric; `load` is null if the load is unknown. */
export interface ZoneLoad {
  readonly name: string;
  /** Whether the latest sample has a reading of the zone. In the first reading of a zone, its rates are unknown. */
  readonly isRead: boolean;
  readonly load: number | null;
}

/** Returns the samples of the last `seconds` up to `at`, the oldest first. */
export function samplesOf(
  samples: readonly Sample[],
  at: number,
  seconds: number,
): readonly Sample[] {
  return samples.filter((sample) => sample.at <= at && sample.at > at - seconds * 1000);
}

/** A period that samples must cover, and the time between two samples. Both are in seconds. */
interface Span {
  readonly seconds: number;
  readonly interval: number;
}

/** Longest gap in seconds between two runs with `--once`, which cron or a timer may start two minutes apart. */
export const MAX_SAMPLE_GAP = 150;

/** Returns the longest allowed time in seconds between two samples. During a longer gap, the load is unknown. */
const longestGap = ({ seconds, interval }: Span): number =>
  Math.max(MAX_SAMPLE_GAP, 3 * interval, seconds / 4);

/** Returns how long to keep samples to cover `span`, in seconds. */
export const retentionFor = (span: Span): number => span.seconds + longestGap(span);

/**
 * Returns the samples that cover all of `span` up to `at`; null if a gap is too long. Each sample covers the time since
 * the previous sample. If the first sample in the span is late, the result also includes the last sample before the
 * span, which shows the load at the start of the span.
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
 * Returns the calls or registered phones of each zone of the latest sample. Counts are exact, so the latest reading is
 * enough. If the latest sample has no reading of a zone, the newest reading of the last `window` seconds is used.
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
