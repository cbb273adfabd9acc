import { z } from "zod";
import { MAX_CALLS } from "../core/ports";
import { cronFault, isTimeZone } from "./cron";
import { durationSchema, formatDuration } from "../core/duration";
import { MAX_ZONES, TOO_MANY_ZONES } from "./max-zones";

/** How the number of zones follows the load: the fields of `pbx:autoscale`. */

const DAY = 24 * 3600;

/** Of a zone's calls, where `spareCalls` is not set: how much room new callers are kept. */
const SPARE_SHARE = 0.2;

type Issue = z.core.$ZodRawIssue;

/** A message for a value of another type, which differs where there is none at all. */
const expected = (what: string, such: string) => (issue: Issue) =>
  issue.input === undefined
    ? `is missing; write ${what}, such as ${such}`
    : `is not ${what}; write one such as ${such}`;

const whole = (min: number, such: string) =>
  z
    .int({ error: expected("a whole number", such) })
    .min(min, { error: `is less than ${String(min)}; write a number such as ${such}` });

const positive = (what: string, such: string) =>
  z
    .number({ error: expected(what, such) })
    .positive({ error: `is not more than 0; write ${what}, such as ${such}` });

const share = (such: string) =>
  z
    .number({ error: expected("a share between 0 and 1", such) })
    .gt(0, { error: `is not between 0 and 1; write a share such as ${such}` })
    .lt(1, { error: `is not between 0 and 1; write a share such as ${such}` });

/** Fields with the check that there are no others. */
function fields<Shape extends z.core.$ZodLooseShape>(shape: Shape, such: string) {
  const known = Object.keys(shape).join(", ");
  return z.strictObject(shape, {
    error: (issue) =>
      issue.code === "unrecognized_keys"
        ? `has unknown fields (${issue.keys.join(", ")}); it takes ${known}`
        : `is not an object; write one such as ${such}`,
  });
}

const schedule = fields(
  {
    cron: z
      .string({ error: expected("a cron expression", '"0 12 * * 1-5"') })
      .superRefine((pattern, context) => {
        const fault = cronFault(pattern);
        if (fault !== undefined) {
          context.addIssue({ code: "custom", message: fault });
        }
      }),
    timeZone: z
      .string({ error: expected("a time zone", '"Europe/Athens"') })
      .refine(isTimeZone, { error: 'is not a known time zone; write one such as "Europe/Athens"' }),
    for: durationSchema({ min: 60, max: 7 * DAY, such: "2h" }),
    min: whole(1, "3"),
  },
  '{ cron: "0 12 * * 1-5", timeZone: Europe/Athens, for: 2h, min: 3 }',
);

export const autoscaleSchema = fields(
  {
    /** Zones there are at least, and at most. */
    min: whole(1, "1").default(1),
    max: whole(1, "4").max(MAX_ZONES, { error: TOO_MANY_ZONES }),
    /** What a zone carries, and how many calls more there shall always be room for. */
    callsPerZone: whole(1, "80").max(MAX_CALLS, {
      error: ({ input }) =>
        `is ${String(input)}, and the RTP ports of a zone carry ${String(MAX_CALLS)} calls; lower callsPerZone`,
    }),
    spareCalls: whole(0, "16").optional(),
    /** What a zone may use for as long as `window`: bytes a second, and a share of processors. */
    throughputPerZone: positive("a number of bytes per second", "3000000").optional(),
    cpu: share("0.8").optional(),
    window: durationSchema({ min: 1, max: DAY, such: "1m" }).prefault("1m"),
    /** A zone goes when the load of so long leaves this share of the others free. */
    margin: share("0.3").default(0.3),
    scaleInAfter: durationSchema({ min: 1, max: DAY, such: "10m" }).prefault("10m"),
    /** No more zones for so long after some came; none goes for so long after any came or went. */
    cooldownOut: durationSchema({ min: 0, max: DAY, such: "1m" }).prefault("1m"),
    cooldownIn: durationSchema({ min: 0, max: DAY, such: "5m" }).prefault("5m"),
    /** Zones that are wanted at times known beforehand, and how long before they are started. */
    schedules: z
      .array(schedule, {
        error: 'is not a list; write one such as [{ cron: "0 12 * * 1-5", … }]',
      })
      .default([]),
    lead: durationSchema({ min: 0, max: DAY, such: "5m" }).prefault("5m"),
    /** What all servers may cost in an hour, and what one costs, by its flavor. */
    maxHourlyCost: positive("an amount of money", "1.2").optional(),
    prices: z
      .record(z.string(), positive("a price of one hour", "0.12"), {
        error:
          "is not an object; write the hourly price of each flavor, such as { m1.small: 0.12 }",
      })
      .default({}),
    /** Between two looks at the exchange. */
    interval: durationSchema({ min: 1, max: 3600, such: "15s" }).prefault("15s"),
  },
  "{ max: 4, callsPerZone: 80 }",
).transform(({ spareCalls, ...rest }) => ({
  ...rest,
  spareCalls: spareCalls ?? Math.ceil(SPARE_SHARE * rest.callsPerZone),
}));

export type Autoscale = z.output<typeof autoscaleSchema>;
export type Schedule = Autoscale["schedules"][number];

/** Of the other keys, what `pbx:autoscale` is held against; undefined where they are faulty. */
export interface AutoscaleContext {
  readonly flavor: string | undefined;
  readonly controllerFlavor: string | undefined;
  readonly trunkCidr: string | undefined;
  /** Zones that the trunk network has addresses for. */
  readonly capacity: number | undefined;
}

/** Zones that `limit` pays for beside the controller. Prices are decimal: 0.3 / 0.1 is 3. */
export function affordableZones(limit: number, controller: number, zone: number): number {
  return Math.max(0, Math.floor((limit - controller) / zone + 1e-9));
}

/** Faults between the fields, and between them and other keys. */
export function autoscaleFaults(
  autoscale: Autoscale,
  { flavor, controllerFlavor = flavor, trunkCidr, capacity }: AutoscaleContext,
): string[] {
  const { min, max, schedules, window, scaleInAfter, cooldownOut, throughputPerZone, cpu } =
    autoscale;
  const { maxHourlyCost, prices } = autoscale;
  const faults: string[] = [];
  const fault = (field: string, message: string): void => {
    faults.push(`pbx:autoscale.${field} ${message}`);
  };
  if (min > max) {
    fault(
      "min",
      `is ${String(min)}, more than max, which is ${String(max)}; lower min or raise max`,
    );
  }
  if (capacity !== undefined && max > capacity) {
    fault(
      "max",
      `is ${String(max)}, and pbx:trunkCidr ${String(trunkCidr)} has addresses for ${String(capacity)} zones; lower max or widen pbx:trunkCidr`,
    );
  }
  if (scaleInAfter < window) {
    fault(
      "scaleInAfter",
      `is ${formatDuration(scaleInAfter)}, shorter than window, which is ${formatDuration(window)}; raise scaleInAfter or lower window`,
    );
  }
  if ((throughputPerZone ?? cpu) !== undefined && cooldownOut < window) {
    // The mean would still tell of the time before, and ask for the same zones again.
    fault(
      "cooldownOut",
      `is ${formatDuration(cooldownOut)}, shorter than window, which is ${formatDuration(window)}; raise cooldownOut or lower window`,
    );
  }
  for (const [index, { min: wanted }] of schedules.entries()) {
    if (wanted > max) {
      fault(
        `schedules[${String(index)}].min`,
        `is ${String(wanted)}, more than max, which is ${String(max)}; lower it or raise max`,
      );
    }
  }
  if (maxHourlyCost === undefined || flavor === undefined || controllerFlavor === undefined) {
    return faults;
  }
  const unpriced = [...new Set([flavor, controllerFlavor])].filter(
    (name) => !Object.hasOwn(prices, name),
  );
  for (const name of unpriced) {
    fault("prices", `has no price of flavor ${name}, which maxHourlyCost needs; add its price`);
  }
  const { [flavor]: zone, [controllerFlavor]: controller } = prices;
  if (
    zone !== undefined &&
    controller !== undefined &&
    affordableZones(maxHourlyCost, controller, zone) < min
  ) {
    const cost = Number((controller + min * zone).toFixed(6));
    fault(
      "maxHourlyCost",
      `is ${String(maxHourlyCost)}, and the controller with ${min === 1 ? "one zone" : `${String(min)} zones`} (min) costs ${String(cost)} an hour; raise maxHourlyCost or lower min`,
    );
  }
  return faults;
}
