import type { Sample, ZoneReading } from "./sample";

/** A zone and what it carries of something; null where that is unknown. */
export interface ZoneLoad {
  readonly name: string;
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

/**
 * Whether `samples` tell of all the last `seconds` up to `at`, each of them of the `interval` before
 * it. A few that are missing are no hole.
 */
export function covers(
  samples: readonly Sample[],
  at: number,
  { seconds, interval }: { readonly seconds: number; readonly interval: number },
): boolean {
  const begin = at - seconds * 1000;
  const times = samplesOf(samples, at, seconds).map((sample) => sample.at);
  const first = times[0];
  const hole = Math.max(3 * interval, seconds / 4) * 1000;
  return (
    first !== undefined &&
    first - begin <= 1.5 * interval * 1000 &&
    [...times.slice(1), at].every((time, index) => time - (times[index] ?? time) <= hole)
  );
}

/**
 * Calls of each zone of the latest sample. Calls are exact, so the latest reading is as good as any;
 * one that is missing now is taken from the samples of the last `window` seconds.
 */
export function callsByZone(
  samples: readonly Sample[],
  at: number,
  window: number,
): readonly ZoneLoad[] {
  return byZone(samplesOf(samples, at, window), (readings) => readings.at(-1)?.calls ?? null);
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
  return (samples.at(-1)?.zones ?? []).map(({ name }) => ({
    name,
    load: load(
      samples.flatMap(({ zones }) => zones.find((zone) => zone.name === name)?.reading ?? []),
    ),
  }));
}
