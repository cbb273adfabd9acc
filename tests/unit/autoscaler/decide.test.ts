import { decide } from "../../../autoscaler/decide";
import type { Decision, ScalingState } from "../../../autoscaler/decision";
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

const NOW = MIDNIGHT + 9 * 3_600_000;
const ago = (seconds: number): number => NOW - seconds * 1000;

/** Returns the decision after 15 minutes in which every sample had `readings`. */
function decided(
  readings: readonly Reading[],
  policy: Partial<Policy> = {},
  state: Partial<ScalingState> = {},
): Omit<Decision, "criteria"> {
  const { criteria, ...decision } = decide(
    steady(NOW, readings),
    { ...STATE, zones: readings.length, ...state },
    { ...POLICY, ...policy },
    NOW,
  );
  expect(criteria.length).toBeGreaterThan(3);
  return decision;
}

const calls = (...numbers: readonly number[]): Reading[] => numbers.map((n) => ({ calls: n }));

describe("calls", () => {
  test("that leave too little room for the spare calls add all missing zones in one step", () => {
    expect(decided(calls(90, 81))).toEqual({
      action: "out",
      zones: 3,
      reason: "zone1 and zone2 carry 171 calls; with 20 spare they need 3 zones of 80",
    });
    expect(decided(calls(300))).toMatchObject({ action: "out", zones: 4 });
  });

  test("add a zone even if there is only one sample", () => {
    const { action, zones } = decide([sampleFrom(NOW, calls(61))], STATE, POLICY, NOW);
    expect({ action, zones }).toEqual({ action: "out", zones: 2 });
  });

  test("that leave room for the spare calls need no new zone", () => {
    expect(decided(calls(60))).toEqual({
      action: "hold",
      zones: 1,
      reason: "zone1 carries 60 calls; with 20 spare they need 1 zone of 80",
    });
  });

  test("of more than three zones appear in the reason without the names of the zones", () => {
    expect(decided(calls(80, 80, 80, 80)).reason).toBe(
      "4 zones carry 320 calls; with 20 spare they need 5 zones of 80",
    );
  });
});

describe("throughput and processor load", () => {
  const policy = { throughputPerZone: 3e6, cpu: 0.8 };
  const used = (bytesPerSecond: number, cpu: number): Reading => ({ bytesPerSecond, cpu });

  test("add zones if the mean over the window exceeds the threshold", () => {
    expect(decided([used(3.5e6, 0.1)], policy)).toEqual({
      action: "out",
      zones: 2,
      reason: "zone1 carries 3.5 MB/s (mean of 1m); that needs 2 zones of 3 MB/s",
    });
    expect(decided([used(0, 0.9), used(0, 0.85)], policy)).toEqual({
      action: "out",
      zones: 3,
      reason: "zone1 and zone2 use 175 % (mean of 1m); that needs 3 zones of 80 %",
    });
  });

  test("at the thresholds add no zone", () => {
    expect(decided([used(3e6, 0.8), used(3e6, 0.8)], policy).action).toBe("hold");
  });

  test("above the thresholds in a single sample add no zone if the mean is below", () => {
    const samples = [...steady(ago(15), [used(1e6, 0.1)]), sampleFrom(NOW, [used(6e6, 1)])];
    expect(decide(samples, STATE, { ...POLICY, ...policy }, NOW).action).toBe("hold");
  });

  test("add no zone before the samples cover the whole window", () => {
    const samples = steady(NOW, [used(9e6, 1)], { seconds: 30 });
    expect(decide(samples, STATE, { ...POLICY, ...policy }, NOW).action).toBe("hold");
  });

  test.each([
    [60, "out"],
    [120, "out"],
    [180, "hold"],
  ])('above a threshold (one sample every %i s) lead to the action "%s"', (interval, action) => {
    const samples = steady(NOW, [used(3.5e6, 0.1)], { interval });
    expect(decide(samples, STATE, { ...POLICY, ...policy }, NOW).action).toBe(action);
  });

  test("above the threshold in one of two zones add a zone if the other is more than half full", () => {
    expect(decided([used(3.5e6, 0.1), used(2e6, 0.1)], policy)).toEqual({
      action: "out",
      zones: 3,
      reason:
        "zone1 carries 3.5 MB/s (mean of 1m), more than the 3 MB/s of a zone; " +
        "another zone must share the load",
    });
  });

  test("above the threshold in one of two zones add no zone if the other is less than half full", () => {
    expect(decided([used(3.5e6, 0.1), used(1e6, 0.1)], policy).action).toBe("hold");
  });
});

describe("registered phones", () => {
  const phones = (...numbers: readonly number[]): Reading[] =>
    numbers.map((registrations) => ({ registrations }));

  test("add a zone if less than the spare capacity is free", () => {
    expect(decided(phones(900)).action).toBe("hold");
    expect(decided(phones(901))).toEqual({
      action: "out",
      zones: 2,
      reason: "zone1 has 901 phones; with 100 spare they need 2 zones of 1000 phones",
    });
  });

  test("prevent a scale-in if the remaining zones would not have the margin and the spare capacity free", () => {
    expect(decided(phones(300, 300)).action).toBe("in");
    expect(decided(phones(300, 301))).toEqual({
      action: "hold",
      zones: 2,
      reason:
        "1 zone would be enough now, but the 601 phones of the last 10m with 100 spare " +
        "do not fit 1 zone with 30 % free",
    });
  });
});

describe("connections without a registered phone", () => {
  const office: Reading = { calls: 7, registrations: 250 };
  const policy: Policy = { ...POLICY, throughputPerZone: 3e6, cpu: 0.8 };
  /**
   * Returns the decision after 15 minutes with `unknown` connections without a registered phone. Null stands for an
   * unknown number.
   */
  const flooded = (unknown: number | null, readings: readonly Reading[]): Decision => {
    const samples = steady(NOW, readings).map((reading) => ({
      ...reading,
      sessions: unknown === null ? null : 250 + unknown,
      unknown,
    }));
    return decide(samples, { ...STATE, zones: readings.length }, policy, NOW);
  };

  test("add no zone, and the reason to hold gives their number", () => {
    const { criteria, ...decision } = flooded(5000, [office]);
    expect(decision).toEqual({
      action: "hold",
      zones: 1,
      reason:
        "zone1 carries 7 calls; with 20 spare they need 1 zone of 80; " +
        "5000 connections without a registered phone do not count",
    });
    expect(criteria.find(({ name }) => name === "phones")).toMatchObject({
      found: "250 phones",
      zones: 1,
    });
  });

  test("disable the criteria for throughput and processors, because these connections may cause the load", () => {
    const busy = { ...office, bytesPerSecond: 9e6, cpu: 1 };
    expect(flooded(0, [busy])).toMatchObject({ action: "out", zones: 3 });
    const { action, criteria } = flooded(1000, [busy]);
    expect(action).toBe("hold");
    expect(criteria.filter(({ name }) => name === "cpu" || name === "throughput")).toEqual([
      {
        name: "throughput",
        found: "9 MB/s, 1000 connections without a registered phone do not count",
        threshold: "3 MB/s a zone for 1m",
        zones: null,
      },
      {
        name: "cpu",
        found: "100 %, 1000 connections without a registered phone do not count",
        threshold: "80 % a zone for 1m",
        zones: null,
      },
    ]);
  });

  test("do not prevent a scale-out that calls or registered phones need", () => {
    expect(flooded(5000, [{ calls: 90 }])).toMatchObject({ action: "out", zones: 2 });
    expect(flooded(5000, [{ registrations: 950 }])).toMatchObject({ action: "out", zones: 2 });
  });

  test("are not mentioned in the reason if there are at most 100, or if their number is unknown", () => {
    for (const unknown of [0, 100, null]) {
      expect(flooded(unknown, [office]).reason).toBe(
        "zone1 carries 7 calls; with 20 spare they need 1 zone of 80",
      );
    }
  });
});

describe("a zone that was just added", () => {
  const policy = { ...POLICY, throughputPerZone: 3e6, cpu: 0.8 };
  const used = { calls: 40, bytesPerSecond: 2e6, cpu: 0.7 };
  const samples = [
    ...steady(ago(15), [used, used]),
    sampleFrom(NOW, [used, used, { bytesPerSecond: null, cpu: null }]),
  ];

  test("has no rates in its first sample, so throughput and processor load add no zone", () => {
    const decision = decide(samples, { ...STATE, zones: 3 }, policy, NOW);
    expect(decision).toMatchObject({ action: "hold", zones: 3 });
    expect(decision.criteria.slice(1, 3).map(({ found, zones }) => [found, zones])).toEqual([
      ["unknown", null],
      ["unknown", null],
    ]);
  });

  test("counts as full if it cannot be read", () => {
    const unread = [...samples.slice(0, -1), sampleFrom(NOW, [used, used, null])];
    expect(decide(unread, { ...STATE, zones: 3 }, policy, NOW).reason).toMatch(
      /, zone3 cannot be read and counts as full; /,
    );
  });
});

describe("a zone that HAProxy marks as down", () => {
  /** Returns samples of zone1 with 60 calls and of zone2, which is down in the last `down` samples. */
  const measurements = (down: number, interval = 15, other: Reading = { calls: 0 }): Sample[] => {
    const all = steady(NOW, [{ calls: 60 }, other], { interval });
    return all.map((reading, index) => ({
      ...reading,
      zones: reading.zones.map((zone) => ({
        ...zone,
        down: zone.name === "zone2" && index >= all.length - down,
      })),
    }));
  };
  const after = (samples: readonly Sample[], policy: Partial<Policy> = {}): Decision =>
    decide(samples, { ...STATE, zones: 2 }, { ...POLICY, spareCalls: 21, ...policy }, NOW);

  test("for the whole window does not count as capacity, so the calls of the other zone may add a zone", () => {
    expect(after(measurements(61))).toMatchObject({
      action: "out",
      zones: 3,
      reason:
        "zone1 carries 60 calls; with 21 spare they need 2 zones of 80, " +
        "and zone2 is out of the rotation",
    });
  });

  test("prevents the removal of other zones", () => {
    expect(after(measurements(61), { spareCalls: 0, max: 1 }).reason).toBe(
      "zone2 is out of the rotation, so no zone is removed",
    );
  });

  test("for the whole window is not also counted as full if it cannot be read", () => {
    expect(after(measurements(61, 15, null))).toMatchObject({ action: "out", zones: 3 });
  });

  test("for less than the window adds no zone, because the zone may be new or HAProxy may have been reloaded", () => {
    expect(after(measurements(3)).action).toBe("hold");
  });

  test.each([
    [60, 1, "hold"],
    [60, 2, "out"],
    [120, 1, "hold"],
    [120, 2, "out"],
    [180, 5, "hold"],
  ])(
    '(samples every %i s, down in the last %i) leads to the action "%s"',
    (interval, down, action) => {
      expect(after(measurements(down, interval)).action).toBe(action);
    },
  );
});

describe("a zone that cannot be read", () => {
  test("counts with the last calls that were read within the window", () => {
    const samples = [...steady(ago(15), calls(70, 70)), sampleFrom(NOW, [{ calls: 70 }, null])];
    const { action, reason } = decide(samples, { ...STATE, zones: 2 }, POLICY, NOW);
    expect([action, reason]).toEqual([
      "hold",
      "zone1 and zone2 carry 140 calls; with 20 spare they need 2 zones of 80",
    ]);
  });

  test("counts as full if no sample of the window has a reading of it, so a zone may be added", () => {
    expect(decided([{ calls: 70 }, null])).toEqual({
      action: "out",
      zones: 3,
      reason:
        "zone1 carries 70 calls, zone2 cannot be read and counts as full; " +
        "with 20 spare they need 3 zones of 80",
    });
  });

  test("prevents a scale-in", () => {
    expect(decided([{ calls: 1 }, null, { calls: 1 }])).toEqual({
      action: "hold",
      zones: 3,
      reason: "zone2 cannot be read, so no zone is removed",
    });
  });

  test("prevents a scale-in even if only one sample of the scale-in window has no reading of it", () => {
    const samples = [
      ...steady(ago(315), calls(5, 5)),
      sampleFrom(ago(300), [{ calls: 5 }, null]),
      ...steady(NOW, calls(5, 5), { seconds: 285 }),
    ];
    const { action, reason } = decide(samples, { ...STATE, zones: 2 }, POLICY, NOW);
    expect([action, reason]).toEqual([
      "hold",
      "1 zone would be enough now, but calls of a zone could not be read in the last 10m",
    ]);
  });

  test("prevents a scale-in also if it is in no sample yet", () => {
    expect(decided(calls(5, 5), {}, { zones: 3 }).reason).toBe(
      "1 zone of 3 has not been read yet, so no zone is removed",
    );
  });

  test("does not change the number of zones if no other zone has been read either", () => {
    const { action, zones } = decide([], { ...STATE, zones: 3 }, POLICY, NOW);
    expect({ action, zones }).toEqual({ action: "hold", zones: 3 });
  });
});

describe("a zone that is out of the rotation", () => {
  /**
   * Returns the decision if zone1 has `carried` calls and the zones with the numbers `out` are out of the rotation. If
   * `carried` is null, no zone is in the rotation.
   */
  const beside = (
    carried: number | null,
    out: readonly number[],
    policy: Partial<Policy> = {},
    state: Partial<ScalingState> = {},
  ): Decision => {
    const measurement = (at: number) => ({
      ...sampleFrom(at, carried === null ? [] : calls(carried)),
      out: out.map((number) => ({ name: `zone${String(number)}`, number })),
    });
    const samples = Array.from({ length: 61 }, (_, index) => measurement(ago((60 - index) * 15)));
    return decide(samples, { ...STATE, zones: 2, ...state }, { ...POLICY, ...policy }, NOW);
  };

  test("does not count as capacity, so the calls of the other zone may add a zone", () => {
    expect(beside(120, [2])).toMatchObject({
      action: "out",
      zones: 3,
      reason:
        "zone1 carries 120 calls; with 20 spare they need 2 zones of 80, " +
        "and zone2 is out of the rotation",
    });
    expect(beside(120, [2], { max: 2 })).toMatchObject({
      action: "hold",
      reason: expect.stringMatching(/ and zone2 .*, but pbx:autoscale.max allows 2$/) as string,
    });
  });

  test("does not count as a zone of a schedule, but counts as a zone of `min`", () => {
    const schedules = [{ cron: "0 9 * * *", timeZone: "UTC", for: 3600, min: 2 }];
    expect(beside(10, [2], { schedules })).toMatchObject({ action: "out", zones: 3 });
    expect(beside(10, [2], { min: 2 })).toMatchObject({ action: "hold", zones: 2 });
  });

  test("prevents a scale-in and is named in the reason", () => {
    expect(beside(10, [2], {}, { zones: 3 })).toMatchObject({
      action: "hold",
      zones: 3,
      reason: "zone2 is out of the rotation, so no zone is removed",
    });
    expect(beside(10, [2, 3], { max: 2 }, { zones: 3 })).toMatchObject({
      action: "hold",
      zones: 3,
      reason: "zone2 and zone3 are out of the rotation, so no zone is removed",
    });
  });

  test("leads to a new zone if no other zone is in the rotation", () => {
    expect(beside(null, [1], {}, { zones: 1 })).toMatchObject({
      action: "out",
      zones: 2,
      reason: "zone1 is out of the rotation, and at least one zone must serve",
    });
  });

  test("is ignored if it is the zone that is being removed", () => {
    expect(beside(60, [2], {}, { zones: 1 })).toMatchObject({ action: "hold", zones: 1 });
    expect(beside(61, [2], {}, { zones: 1 })).toMatchObject({ action: "out", zones: 2 });
  });

  test("may be any zone if HAProxy cannot be queried, so no zone is removed", () => {
    const samples = steady(NOW, calls(0, 0)).map((measurement) => ({
      ...measurement,
      fault: "controller: no",
    }));
    expect(decide(samples, { ...STATE, zones: 2 }, POLICY, NOW)).toMatchObject({
      action: "hold",
      zones: 2,
      reason: "the rotation cannot be read, so no zone is removed",
    });
  });
});

describe("if no zone can be read,", () => {
  const dark = sampleFrom(NOW, [null, null]);

  test("the reason gives the cause, even if `min`, `max` or a schedule is also a reason to hold", () => {
    const hold = { action: "hold", zones: 2, reason: "no zone can be read: zone1: out of reach" };
    expect(decided([null, null])).toEqual(hold);
    expect(decided([null, null], { min: 2 })).toEqual(hold);
    expect(decided([null, null], { max: 1 })).toEqual(hold);
    const schedules = [{ cron: "0 9 * * *", timeZone: "UTC", for: 3600, min: 3 }];
    expect(decided([null, null], { max: 2, schedules })).toEqual(hold);
  });

  test("the reason gives the fault of the controller, because all zones are reached through it", () => {
    const samples = [...steady(ago(15), calls(70, 70)), { ...dark, fault: "controller: gone" }];
    expect(decide(samples, { ...STATE, zones: 2 }, POLICY, NOW)).toMatchObject({
      action: "hold",
      reason: "no zone can be read: controller: gone",
    });
  });

  test("zones are still added for the last known load and for a schedule", () => {
    const samples = [...steady(ago(15), calls(90, 70)), dark];
    expect(decide(samples, { ...STATE, zones: 2 }, POLICY, NOW).zones).toBe(3);
    const schedules = [{ cron: "0 9 * * *", timeZone: "UTC", for: 3600, min: 3 }];
    expect(decided([null, null], { schedules }).zones).toBe(3);
  });
});

describe("a scale-in", () => {
  test("happens if the remaining zones can carry the peak load and the spare calls with the margin free", () => {
    expect(decided(calls(18, 18))).toEqual({
      action: "in",
      zones: 1,
      reason: "at most 36 calls in the last 10m; 1 zone would have at least 30 % free",
    });
    expect(decided(calls(19, 18))).toEqual({
      action: "hold",
      zones: 2,
      reason:
        "1 zone would be enough now, but the 37 calls of the last 10m with 20 spare " +
        "do not fit 1 zone with 30 % free",
    });
  });

  test("removes one zone at a time", () => {
    expect(decided(calls(0, 0, 0, 0))).toMatchObject({ action: "in", zones: 3 });
  });

  test("does not happen if one sample in the scale-in window has too much load", () => {
    const samples = steady(NOW, calls(5, 5));
    const peak = samples.map((measurement) =>
      measurement.at === ago(540) ? sampleFrom(measurement.at, calls(50, 5)) : measurement,
    );
    expect(decide(peak, { ...STATE, zones: 2 }, POLICY, NOW).action).toBe("hold");
  });

  test("does not happen before the samples cover the whole scale-in window", () => {
    const samples = steady(NOW, calls(0, 0), { seconds: 500 });
    const { action, reason } = decide(samples, { ...STATE, zones: 2 }, POLICY, NOW);
    expect([action, reason]).toEqual([
      "hold",
      "1 zone would be enough now, but the samples do not cover the last 10m",
    ]);
  });

  test.each([
    [61, "in"],
    [119, "in"],
    [170, "hold"],
  ])('needs frequent samples: with one every %i s, the action is "%s"', (interval, action) => {
    const samples = steady(NOW, calls(0, 0), { interval });
    expect(decide(samples, { ...STATE, zones: 2 }, POLICY, NOW).action).toBe(action);
  });

  test("does not happen if the last sample before the window has too much load and the next sample is late", () => {
    const policy = { ...POLICY, scaleInAfter: 60 };
    const after = (before: readonly Reading[], seconds: number): string => {
      const samples = [sampleFrom(ago(seconds), before), sampleFrom(NOW, calls(5, 5))];
      return decide(samples, { ...STATE, zones: 2 }, policy, NOW).action;
    };
    expect([after(calls(5, 5), 120), after(calls(50, 5), 120)]).toEqual(["in", "hold"]);
    expect(after([{ calls: 5 }, null], 120)).toBe("hold");
  });

  test("does not happen if the remaining zones have no room for the throughput or the processor load", () => {
    const loaded = [
      { bytesPerSecond: 2e6, cpu: 0.1 },
      { bytesPerSecond: 1e6, cpu: 0.1 },
    ];
    expect(decided(loaded, { throughputPerZone: 3e6 }).action).toBe("hold");
    expect(decided(loaded, { throughputPerZone: 5e6 }).action).toBe("in");
    expect(decided(loaded, { cpu: 0.2 }).action).toBe("hold");
    expect(decided(loaded, { cpu: 0.5 }).action).toBe("in");
  });

  test("does not go below `min`", () => {
    expect(decided(calls(0, 0), { min: 2 })).toEqual({
      action: "hold",
      zones: 2,
      reason: "pbx:autoscale.min is 2, and there are 2 zones",
    });
  });
});

describe("a cooldown", () => {
  test("delays a scale-out after a scale-out", () => {
    expect(decided(calls(90), {}, { lastOut: ago(20) })).toEqual({
      action: "hold",
      zones: 1,
      reason:
        "zone1 carries 90 calls; with 20 spare they need 2 zones of 80, " +
        "but zones were added 20s ago; 40s to wait",
    });
    expect(decided(calls(90), {}, { lastOut: ago(60) }).action).toBe("out");
  });

  test("does not delay a scale-out after a scale-in", () => {
    expect(decided(calls(90), {}, { lastIn: ago(1) }).action).toBe("out");
  });

  test("delays a scale-in after a scale-out or a scale-in", () => {
    expect(decided(calls(0, 0), {}, { lastOut: ago(100) }).reason).toBe(
      "1 zone would be enough now, but zones were added 100s ago; 200s to wait",
    );
    expect(decided(calls(0, 0), {}, { lastIn: ago(299), lastOut: ago(900) }).reason).toBe(
      "1 zone would be enough now, but a zone was removed 299s ago; 1s to wait",
    );
    expect(decided(calls(0, 0), {}, { lastOut: ago(300), lastIn: ago(300) }).action).toBe("in");
  });

  test("delays the next scale-in after a failed scale-in, even if `max` requires the scale-in", () => {
    const failedIn = ago(100);
    expect(decided(calls(0, 0), {}, { failedIn, lastIn: ago(200) }).reason).toBe(
      "1 zone would be enough now, but a zone could not be removed 100s ago; 200s to wait",
    );
    expect(decided(calls(0, 0, 0), { max: 2 }, { failedIn })).toEqual({
      action: "hold",
      zones: 3,
      reason:
        "pbx:autoscale.max allows 2, and there are 3 zones, " +
        "but a zone could not be removed 100s ago; 200s to wait",
    });
    expect(decided(calls(0, 0, 0), { max: 2 }, { failedIn: ago(300) }).action).toBe("in");
  });
});

describe("a schedule", () => {
  const noon = { cron: "0 12 * * 1-5", timeZone: "Europe/Athens", for: 7200, min: 3 };
  const policy: Policy = { ...POLICY, schedules: [noon] };
  const at = (utc: string, zones = 1): Decision => {
    const now = Date.parse(utc);
    return decide(
      steady(now, calls(...Array<number>(zones).fill(0))),
      { ...STATE, zones },
      policy,
      now,
    );
  };

  test("adds its zones `lead` seconds before it starts, by the clock of its time zone", () => {
    expect(at("2026-01-05T09:54:59Z")).toMatchObject({ action: "hold", zones: 1 });
    expect(at("2026-01-05T09:55:00Z")).toMatchObject({
      action: "out",
      zones: 3,
      reason: 'the schedule "0 12 * * 1-5" asks for 3 zones from 12:00 Europe/Athens on',
    });
    // In summer, 12:00 in Athens is 09:00 UTC.
    expect(at("2026-07-06T08:54:59Z").action).toBe("hold");
    expect(at("2026-07-06T08:55:00Z").action).toBe("out");
  });

  test("keeps its zones until its end", () => {
    expect(at("2026-01-05T11:59:59Z", 3).action).toBe("hold");
    expect(at("2026-01-05T12:00:00Z", 3).action).toBe("in");
  });

  test("applies only on its days of the week", () => {
    expect(at("2026-01-04T10:00:00Z").action).toBe("hold");
  });

  test("applies only if no other schedule of the same time asks for more zones", () => {
    const schedules = [noon, { ...noon, min: 5 }, { ...noon, min: 2 }];
    const now = Date.parse("2026-01-05T10:30:00Z");
    const decision = decide(steady(now, calls(0)), STATE, { ...policy, schedules }, now);
    expect(decision).toMatchObject({ action: "out", zones: 5 });
  });
});

describe("a limit", () => {
  test("of the policy limits a scale-out, and the reason gives both the need and the limit", () => {
    expect(decided(calls(170, 170), { max: 3 })).toEqual({
      action: "out",
      zones: 3,
      reason:
        "zone1 and zone2 carry 340 calls; with 20 spare they need 5 zones of 80, " +
        "but pbx:autoscale.max allows 3",
    });
    expect(decided(calls(170, 170), { max: 2 })).toMatchObject({
      action: "hold",
      zones: 2,
      reason: expect.stringMatching(/, but pbx:autoscale.max allows 2$/) as string,
    });
  });

  test("of the hourly cost includes the price of the controller", () => {
    const cost = { limit: 0.5, controller: 0.2, zone: 0.1 };
    expect(decided(calls(999), { cost })).toMatchObject({
      action: "out",
      zones: 3,
      reason: expect.stringMatching(/, but pbx:autoscale.maxHourlyCost 0.5 pays for 3$/) as string,
    });
  });

  test("of the cloud's quota is given together with the resource that is short", () => {
    const headroom = { zones: 1, shortage: "cores" };
    expect(decided(calls(300), {}, { headroom })).toEqual({
      action: "out",
      zones: 2,
      reason:
        "zone1 carries 300 calls; with 20 spare they need 4 zones of 80, " +
        "but the cloud's quota has room for 1 more zone (cores)",
    });
    expect(
      decided(calls(300), {}, { headroom: { zones: 0, shortage: "instances" } }),
    ).toMatchObject({
      action: "hold",
      zones: 1,
      reason: expect.stringMatching(/has room for 0 more zones \(instances\)$/) as string,
    });
  });

  test("that is a lowered `max` removes zones one at a time, whatever their load, but only if all can be read", () => {
    expect(decided(calls(80, 80, 80), { max: 1 }, { lastIn: ago(1) })).toEqual({
      action: "in",
      zones: 2,
      reason: "pbx:autoscale.max allows 1, and there are 3 zones",
    });
    expect(decided([{ calls: 80 }, null, null], { max: 2 }).action).toBe("hold");
  });

  test("that is a raised `min` adds the missing zones without a cooldown", () => {
    expect(decided(calls(0), { min: 3 }, { lastOut: ago(1) })).toEqual({
      action: "out",
      zones: 3,
      reason: "pbx:autoscale.min is 3, and there is 1 zone",
    });
  });
});

describe("a failed scale-out", () => {
  test.each([
    [1, 60],
    [2, 120],
    [5, 960],
    [6, 1800],
    [50, 1800],
  ])("that is number %i in a row delays the next attempt by %i s", (count, seconds) => {
    const after = (past: number) =>
      decided(calls(90), {}, { failures: { count, at: ago(past) } }).action;
    expect([after(seconds - 1), after(seconds)]).toEqual(["hold", "out"]);
  });

  test("is reported with the number of failures and the time to wait", () => {
    expect(decided(calls(90), {}, { failures: { count: 2, at: ago(30) } }).reason).toBe(
      "zone1 carries 90 calls; with 20 spare they need 2 zones of 80, " +
        "but adding zones failed 2 times in a row, last 30s ago; 90s to wait",
    );
  });

  test("does not delay a scale-in", () => {
    expect(decided(calls(0, 0), {}, { failures: { count: 1, at: NOW } }).action).toBe("in");
  });
});

test("a decision lists every criterion with its value, its threshold and its number of zones", () => {
  const zone1 = { calls: 50, registrations: 750, bytesPerSecond: 1.2e6, cpu: 0.25 };
  const samples = steady(NOW, [zone1, null]);
  const policy: Policy = {
    ...POLICY,
    throughputPerZone: 3e6,
    cpu: 0.8,
    schedules: [{ cron: "0 9 * * *", timeZone: "UTC", for: 3600, min: 2 }],
    cost: { limit: 1, controller: 0.2, zone: 0.1 },
  };
  const state = {
    zones: 2,
    lastOut: ago(30),
    lastIn: null,
    failedIn: null,
    failures: null,
    headroom: { zones: 3, shortage: "cores" },
  };
  expect(decide(samples, state, policy, NOW).criteria).toEqual([
    { name: "calls", found: "50 calls, zone2 unknown", threshold: "80 a zone, 20 spare", zones: 2 },
    {
      name: "throughput",
      found: "1.2 MB/s, zone2 unknown",
      threshold: "3 MB/s a zone for 1m",
      zones: 2,
    },
    { name: "cpu", found: "25 %, zone2 unknown", threshold: "80 % a zone for 1m", zones: 2 },
    {
      name: "phones",
      found: "750 phones, zone2 unknown",
      threshold: "1000 a zone, 100 spare",
      zones: 2,
    },
    { name: "schedule", found: "09:00 UTC, for 1h", threshold: '"0 9 * * *", 5m before', zones: 2 },
    { name: "min", found: "2 zones", threshold: "1", zones: 1 },
    { name: "max", found: "2 zones", threshold: "6", zones: 6 },
    { name: "cost", found: "0.4 an hour", threshold: "1 an hour", zones: 8 },
    { name: "quota", found: "room for 3 more", threshold: "limited by: cores", zones: 5 },
    {
      name: "cooldown",
      found: "scale-out 30s ago, no scale-in",
      threshold: "1m out, 5m in",
      zones: 2,
    },
  ]);
});
