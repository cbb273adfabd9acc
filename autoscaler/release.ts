import { formatDuration } from "../core/duration";
import { count, namesOf, percent } from "../core/format";
import { metricsOf } from "./measures";
import type { Policy } from "./policy";
import { outInWords, outOfRotation } from "./rotation";
import type { Sample, ZoneReading } from "./sample";
import { samplesCovering } from "./zone-load";

export interface ReleaseVerdict {
  readonly may: boolean;
  readonly reason: string;
}

const no = (reason: string): ReleaseVerdict => ({ may: false, reason });

/**
 * Checks that the rotation and all zones were read, and that all zones are in the rotation. A zone that cannot be read
 * may be the busiest one. A zone out of the rotation may be under maintenance.
 */
export function allKnown(latest: Sample | undefined, zones: number): ReleaseVerdict {
  const unread = (latest?.zones ?? []).filter(({ reading }) => reading === null);
  if (unread.length > 0) {
    return no(`${namesOf(unread.map(({ name }) => name))} cannot be read`);
  }
  if (latest !== undefined && latest.fault !== null) {
    return no("the rotation cannot be read");
  }
  const out = outOfRotation(latest, zones);
  if (out.length > 0) {
    return no(outInWords(out));
  }
  const missing = zones - (latest?.zones.length ?? 0);
  return missing > 0
    ? no(
        `${count(missing, "zone")} of ${String(zones)} ${missing === 1 ? "has" : "have"} not been read yet`,
      )
    : { may: true, reason: "" };
}

/**
 * Checks that the peak load of the last `scaleInAfter` seconds, plus the spare capacity, fits into `zones` zones with a
 * share `margin` of their capacity free. Each metric must fit.
 */
export function fits(
  samples: readonly Sample[],
  zones: number,
  policy: Policy,
  now: number,
): ReleaseVerdict {
  const { scaleInAfter: seconds, interval, margin } = policy;
  const time = formatDuration(seconds);
  const seen = samplesCovering(samples, now, { seconds, interval });
  if (seen === null) {
    return no(`the samples do not cover the last ${time}`);
  }
  const metrics = metricsOf(policy);
  for (const { name, value, format, perZone, spare } of metrics) {
    const loads = seen.map((sample) => total(sample, value));
    if (loads.some((load) => load === null)) {
      return no(`${name} of a zone could not be read in the last ${time}`);
    }
    const peak = Math.max(...loads.map((load) => load ?? 0));
    const room = zones * perZone * (1 - margin);
    if (peak + spare > room) {
      return no(
        `the ${format(peak)} of the last ${time}${spare > 0 ? ` with ${String(spare)} spare` : ""} ` +
          `do not fit ${count(zones, "zone")} with ${percent(margin)} free`,
      );
    }
  }
  const calls = Math.max(...seen.map((sample) => total(sample, (reading) => reading.calls) ?? 0));
  return {
    may: true,
    reason:
      `at most ${count(calls, "call")} in the last ${time}; ` +
      `${count(zones, "zone")} would have at least ${percent(margin)} free`,
  };
}

function total({ zones }: Sample, value: (reading: ZoneReading) => number | null): number | null {
  const loads = zones.map(({ reading }) => (reading === null ? null : value(reading)));
  return loads.reduce<number | null>(
    (sum, load) => (sum === null || load === null ? null : sum + load),
    0,
  );
}
