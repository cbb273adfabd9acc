import fc from "fast-check";
import { decide } from "../../../autoscaler/decide";
import type { ScalingState } from "../../../autoscaler/decision";
import type { Policy } from "../../../autoscaler/policy";
import type { Sample } from "../../../autoscaler/sample";
import {
  MIDNIGHT,
  POLICY,
  type Reading,
  sampleFrom,
  STATE,
  steady,
} from "../../support/autoscaler";

const metric = <Value>(value: fc.Arbitrary<Value>) => fc.option(value, { nil: undefined });

/** Arbitrary policies. Their times are short, so that cooldowns and scale-in windows end within a short replay. */
const anyPolicy: fc.Arbitrary<Policy> = fc
  .record({
    min: fc.integer({ min: 1, max: 3 }),
    range: fc.integer({ min: 0, max: 5 }),
    spareCalls: fc.integer({ min: 0, max: 30 }),
    throughputPerZone: metric(fc.constantFrom(1e6, 3e6)),
    cpu: metric(fc.constantFrom(0.5, 0.8)),
    window: fc.constantFrom(15, 30, 60),
    margin: fc.constantFrom(0.05, 0.3),
    scaleInAfter: fc.constantFrom(60, 120, 300),
    cooldownOut: fc.constantFrom(0, 30, 60),
    cooldownIn: fc.constantFrom(0, 60, 150),
    schedule: fc.boolean(),
    limit: metric(fc.double({ min: 0.4, max: 1.2, noNaN: true })),
  })
  .map(({ range, throughputPerZone, cpu, schedule, limit, ...rest }) => ({
    ...POLICY,
    ...rest,
    ...(throughputPerZone === undefined ? {} : { throughputPerZone }),
    ...(cpu === undefined ? {} : { cpu }),
    max: rest.min + range,
    // The configuration requires a `cooldownOut` of at least `window` if throughput or cpu is a criterion.
    cooldownOut: Math.max(rest.cooldownOut, rest.window),
    schedules: schedule ? [{ cron: "5 0 * * *", timeZone: "UTC", for: 300, min: rest.min }] : [],
    lead: 60,
    cost: limit === undefined ? null : { limit, controller: 0.1, zone: 0.1 },
  }));

const reading = fc.record({
  calls: fc.integer({ min: 0, max: 120 }),
  registrations: fc.integer({ min: 0, max: 1000 }),
  bytesPerSecond: fc.integer({ min: 0, max: 5_000_000 }),
  cpu: fc.double({ min: 0, max: 1, noNaN: true }),
});
const maybeUnknown = fc.option(reading, { freq: 20 });
const headroom = fc.option(
  fc.record({ zones: fc.nat(4), shortage: fc.constantFrom("cores", "ports") }),
);

/** Number of samples to keep. Taken every 15 s, they cover more than the longest scale-in window of 300 s. */
const KEPT = 30;

interface Move {
  readonly at: number;
  readonly action: "out" | "in";
  readonly from: number;
  readonly to: number;
}

/** Arbitrary readings of eight zones, one row per sample. */
const anyDay = fc.array(fc.array(maybeUnknown, { minLength: 8, maxLength: 8 }), {
  minLength: 20,
  maxLength: 120,
});

/** Readings that are equal in all zones and stay constant for up to 40 samples. */
const calmDay = fc
  .array(fc.record({ reading: maybeUnknown, measurements: fc.integer({ min: 1, max: 40 }) }), {
    minLength: 1,
    maxLength: 6,
  })
  .map((spells) =>
    spells.flatMap(({ reading: found, measurements }) =>
      Array.from({ length: measurements }, () => Array<Reading>(8).fill(found)),
    ),
  );

/**
 * Replays the readings `day` on an exchange that applies every decision immediately. Returns the scale-outs and
 * scale-ins, and the number of zones after each sample.
 */
function replay(
  policy: Policy,
  day: readonly (readonly Reading[])[],
  room: ScalingState["headroom"],
): { readonly moves: readonly Move[]; readonly counts: readonly number[] } {
  let state: ScalingState = { ...STATE, zones: policy.min, headroom: room };
  const samples: Sample[] = [];
  const moves: Move[] = [];
  const counts: number[] = [];
  for (const [tick, readings] of day.entries()) {
    const now = MIDNIGHT + tick * policy.interval * 1000;
    samples.push(sampleFrom(now, readings.slice(0, state.zones)));
    const { action, zones } = decide(samples.slice(-KEPT), state, policy, now);
    if (action === "hold") {
      expect(zones).toBe(state.zones);
    } else {
      moves.push({ at: now, action, from: state.zones, to: zones });
      state = { ...state, zones, [action === "out" ? "lastOut" : "lastIn"]: now };
    }
    counts.push(zones);
  }
  return { moves, counts };
}

const within = (moves: readonly Move[], seconds: number) =>
  moves.flatMap((move, index) =>
    moves
      .slice(index + 1)
      .flatMap((next) => (next.at - move.at < seconds * 1000 ? [[move, next]] : [])),
  );

const day = fc.oneof(anyDay, calmDay);
const affordable = ({ cost }: Policy): number =>
  cost === null ? Infinity : Math.floor((cost.limit - cost.controller) / cost.zone + 1e-9);

test("the number of zones stays between `min` and the number that `max` and the cost limit allow", () => {
  fc.assert(
    fc.property(anyPolicy, day, (policy, load) => {
      fc.pre(affordable(policy) >= policy.min);
      const { counts } = replay(policy, load, null);
      const most = Math.min(policy.max, affordable(policy));
      expect(counts.filter((zones) => zones < policy.min || zones > most)).toEqual([]);
    }),
  );
});

test("connections without a registered phone never lead to more zones", () => {
  fc.assert(
    fc.property(anyPolicy, day, fc.nat(100_000), (policy, load, unknown) => {
      const now = MIDNIGHT + load.length * policy.interval * 1000;
      const measurements = load
        .slice(-KEPT)
        .map((readings, index, { length }) =>
          sampleFrom(
            now - (length - 1 - index) * policy.interval * 1000,
            readings.slice(0, policy.min),
          ),
        );
      const flooded = measurements.map((measurement) => ({
        ...measurement,
        sessions: unknown,
        unknown,
      }));
      const state = { ...STATE, zones: policy.min };
      const wanted = (samples: readonly Sample[]): number =>
        decide(samples, state, policy, now).zones;
      expect(wanted(flooded)).toBeLessThanOrEqual(wanted(measurements));
    }),
  );
});

test("a scale-out adds at least one zone, and a scale-in removes exactly one", () => {
  fc.assert(
    fc.property(anyPolicy, day, (policy, load) => {
      for (const { action, from, to } of replay(policy, load, null).moves) {
        expect(action === "out" ? to > from : to === from - 1).toBe(true);
      }
    }),
  );
});

test("no zone is added in the cooldown after a scale-out, or removed in the cooldown after any change", () => {
  fc.assert(
    fc.property(anyPolicy, day, (policy, load) => {
      fc.pre(affordable(policy) >= policy.min);
      const { moves } = replay(policy, load, null);
      const outs = moves.filter(({ action }) => action === "out");
      expect(within(outs, policy.cooldownOut)).toEqual([]);
      const soon = within(moves, policy.cooldownIn).filter(([, next]) => next?.action === "in");
      expect(soon).toEqual([]);
    }),
  );
});

test("zones that were added for a constant load are not removed", () => {
  fc.assert(
    fc.property(anyPolicy, fc.integer({ min: 0, max: 600 }), (policy, calls) => {
      fc.pre(affordable(policy) >= policy.min);
      let state: ScalingState = { ...STATE, zones: policy.min };
      const directions: string[] = [];
      const samples: Sample[] = [];
      for (let tick = 0; tick < 240; tick++) {
        const now = MIDNIGHT + tick * 15_000;
        const each = {
          calls: calls / state.zones,
          bytesPerSecond: (calls * 4e4) / state.zones,
          cpu: calls / state.zones / 100,
        };
        samples.push(sampleFrom(now, Array<Reading>(state.zones).fill(each)));
        const { action, zones } = decide(
          samples.slice(-KEPT),
          state,
          { ...policy, schedules: [] },
          now,
        );
        if (action !== "hold") {
          directions.push(action);
          state = { ...state, zones, [action === "out" ? "lastOut" : "lastIn"]: now };
        }
      }
      expect(directions).not.toContain("in");
    }),
    { numRuns: 50 },
  );
});

test("no zone is removed while a reading is missing in the scale-in window, at any interval of samples", () => {
  const quiet = { calls: 0, bytesPerSecond: 0, cpu: 0 };
  const hidden = fc.constantFrom<Reading>(null, { ...quiet, bytesPerSecond: null });
  fc.assert(
    fc.property(
      fc.integer({ min: 2, max: 6 }),
      fc.integer({ min: 5, max: 200 }),
      fc.double({ min: 0, max: 599, noNaN: true }),
      fc.nat(5),
      hidden,
      fc.integer({ min: 1, max: 6 }),
      (zones, interval, age, which, missing, max) => {
        const now = MIDNIGHT + 3_600_000;
        const samples = steady(now, Array<Reading>(zones).fill(quiet), { interval });
        const index = samples.length - 1 - Math.floor(age / interval);
        const readings = Array<Reading>(zones).fill(quiet);
        readings[which % zones] = missing;
        samples[index] = sampleFrom(samples[index]?.at ?? 0, readings);
        const policy = { ...POLICY, throughputPerZone: 3e6, max: Math.max(zones, max) };
        expect(decide(samples, { ...STATE, zones }, policy, now).action).toBe("hold");
      },
    ),
  );
});

test("more load never leads to fewer zones", () => {
  const growth = fc.record({
    calls: fc.nat(100),
    registrations: fc.nat(1000),
    bytesPerSecond: fc.nat(3_000_000),
    cpu: fc.double({ min: 0, max: 0.5, noNaN: true }),
  });
  fc.assert(
    fc.property(
      anyPolicy,
      fc.integer({ min: 1, max: 6 }),
      fc.array(fc.array(fc.tuple(reading, growth), { minLength: 6, maxLength: 6 }), {
        minLength: 1,
        maxLength: 30,
      }),
      headroom,
      (policy, zones, measurements, room) => {
        const now = MIDNIGHT + 3_600_000;
        const at = (index: number): number => now - (measurements.length - 1 - index) * 15_000;
        const wanted = (more: boolean): number => {
          const samples = measurements.map((measurement, index) =>
            sampleFrom(
              at(index),
              measurement.slice(0, zones).map(([base, plus]) =>
                more
                  ? {
                      calls: base.calls + plus.calls,
                      registrations: base.registrations + plus.registrations,
                      bytesPerSecond: base.bytesPerSecond + plus.bytesPerSecond,
                      cpu: base.cpu + plus.cpu,
                    }
                  : base,
              ),
            ),
          );
          return decide(samples, { ...STATE, zones, headroom: room }, policy, now).zones;
        };
        expect(wanted(true)).toBeGreaterThanOrEqual(wanted(false));
      },
    ),
  );
});

test("no scale-out adds more zones than the quota allows", () => {
  fc.assert(
    fc.property(anyPolicy, day, fc.nat(3), (policy, load, more) => {
      const { moves } = replay(policy, load, { zones: more, shortage: "cores" });
      expect(moves.filter(({ from, to }) => to - from > more)).toEqual([]);
    }),
  );
});
