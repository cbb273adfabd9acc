import type { ScalingState } from "../../autoscaler/decision";
import type { Policy } from "../../autoscaler/policy";
import type { Sample, ZoneReading } from "../../autoscaler/sample";

/** A Monday at midnight (UTC), in milliseconds since 1970. */
export const MIDNIGHT = Date.UTC(2026, 0, 5);

export const POLICY: Policy = {
  min: 1,
  max: 6,
  callsPerZone: 80,
  spareCalls: 20,
  window: 60,
  margin: 0.3,
  scaleInAfter: 600,
  cooldownOut: 60,
  cooldownIn: 300,
  schedules: [],
  lead: 300,
  interval: 15,
  cost: null,
};

export const STATE: ScalingState = {
  zones: 1,
  lastOut: null,
  lastIn: null,
  failedIn: null,
  failures: null,
  headroom: null,
};

export type Reading = Partial<ZoneReading> | null;

/** Returns a sample of zone1, zone2, … with `readings`. A null reading means that the zone could not be read. */
export function sampleFrom(at: number, readings: readonly Reading[]): Sample {
  return {
    at,
    zones: readings.map((reading, index) => {
      const name = `zone${String(index + 1)}`;
      return reading === null
        ? { name, reading, fault: `${name}: out of reach`, down: false }
        : {
            name,
            reading: { calls: 0, registrations: 0, bytesPerSecond: null, cpu: null, ...reading },
            fault: null,
            down: false,
          };
    }),
    out: [],
    sessions: null,
    unknown: null,
    fault: null,
  };
}

/** Returns samples of the last `seconds` up to `now`, one every `interval` seconds, all with `readings`. */
export function steady(
  now: number,
  readings: readonly Reading[],
  { seconds = 900, interval = 15 } = {},
): Sample[] {
  const count = Math.floor(seconds / interval) + 1;
  return Array.from({ length: count }, (_, index) =>
    sampleFrom(now - (count - 1 - index) * interval * 1000, readings),
  );
}
