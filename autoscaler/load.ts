import type { Sample, ZoneReading } from "./sample";

/** A zone and what it carries of something; null where that is unknown. */
export interface ZoneLoad {
  readonly name: string;
  /** Whether the latest look has read the zone: rates take two. */
  readonly isRead: boolean;
  readonly load: number | null;
}

/** Samples of the last `seconds` up to `at`, the oldest first. */
export function samplesOf(
  samples: readonly Sample[],
  at: number,
  seconds: number,
): readonly Sample[] {
  return samples.filter((sample) => sample.at <= at && sample.at > at - seconds * 1000);
}

/** What samples are to tell of: so much time, looked at every `interval`, both in seconds. */
interface Span {
  readonly seconds: number;
  readonly interval: number;
}

/** Single looks come from cron or a timer, once a minute or every other one: so far apart, in seconds. */
export const SELDOM = 150;

/** How far two samples may be apart and still tell of the time between them. */
const longestGap = ({ seconds, interval }: Span): number =>
  Math.max(SELDOM, 3 * interval, seconds / 4);

/** How long a sample is of use to who wants to know of all that time. */
export const usefulFor = (span: Span): number => span.seconds + longestGap(span);

/**
 * The samples that tell of all the time up to `at`, each of them of that since the one before it; null
 * where they leave a hole. Where the first one comes late, the one before is among them: it tells how
 * things were when that time began.
 */
export function covering(
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
 * Calls, or registered phones, of each zone of the latest sample. They are exact, so the latest reading is as
 * good as any; a reading that is missing now is taken from the samples of the last `window` seconds.
 */
export function countByZone(
  samples: readonly Sample[],
  at: number,
  window: number,
  metric: "calls" | "registrations",
): readonly ZoneLoad[] {
  return byZone(samplesOf(samples, at, window), (readings) => readings.at(-1)?.[metric] ?? null);
}

/** Mean of what each zone of the latest sample used in the last `window` seconds. */
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
