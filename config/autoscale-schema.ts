/**
 * Schema of `pbx:autoscale`: how the number of zones follows the load.
 *
 * @packageDocumentation
 */

import { z } from "zod";
import { durationSchema, formatDuration } from "../core/duration";
import { MAX_CALLS } from "../core/ports";
import { cronFault, isTimeZone } from "./cron";

/**
 * Maximum number of zones. Every zone has a trunk to every other zone, so the number of trunks grows with the square of
 * the number of zones.
 */
export const MAX_ZONES = 250;

/** Error message for a number of zones above {@link MAX_ZONES}, without the name of the key. */
export const TOO_MANY_ZONES_MESSAGE = `is more than ${String(MAX_ZONES)}, the maximum for a full mesh of trunks; write a smaller number`;

const DAY = 24 * 3600;

/** Default of `spareCalls`, as a share of `callsPerZone`. */
const SPARE_SHARE = 0.2;

type Issue = z.core.$ZodRawIssue;

/** Returns zod's `error` option: the message for a missing value or a value of the wrong type. */
const expected = (what: string, example: string) => (issue: Issue) =>
  issue.input === undefined
    ? `is missing; write ${what}, such as ${example}`
    : `is not ${what}; write one such as ${example}`;

const whole = (min: number, example: string) =>
  z
    .int({ error: expected("a whole number", example) })
    .min(min, { error: `is less than ${String(min)}; write a number such as ${example}` });

const positive = (what: string, example: string) =>
  z
    .number({ error: expected(what, example) })
    .positive({ error: `is not more than 0; write ${what}, such as ${example}` });

const share = (example: string) =>
  z
    .number({ error: expected("a share between 0 and 1", example) })
    .gt(0, { error: `is not between 0 and 1; write a share such as ${example}` })
    .lt(1, { error: `is not between 0 and 1; write a share such as ${example}` });

/** Returns the schema of an object that has no other fields than those of `shape`. */
function fields<Shape extends z.core.$ZodLooseShape>(shape: Shape, example: string) {
  const known = Object.keys(shape).join(", ");
  return z.strictObject(shape, {
    error: (issue) =>
      issue.code === "unrecognized_keys"
        ? `has unknown fields (${issue.keys.join(", ")}); it takes ${known}`
        : `is not an object; write one such as ${example}`,
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
    for: durationSchema({ min: 60, max: 7 * DAY, example: "2h" }),
    min: whole(1, "3"),
  },
  '{ cron: "0 12 * * 1-5", timeZone: Europe/Athens, for: 2h, min: 3 }',
);

export const autoscaleSchema = fields(
  {
    min: whole(1, "1").default(1),
    max: whole(1, "4").max(MAX_ZONES, { error: TOO_MANY_ZONES_MESSAGE }),
    /** Number of calls that a zone can carry. */
    callsPerZone: whole(1, "80").max(MAX_CALLS, {
      error: ({ input }) =>
        `is ${String(input)}, but the RTP ports of a zone carry ${String(MAX_CALLS)} calls; lower callsPerZone`,
    }),
    /** Number of further calls that all zones together keep capacity for. */
    spareCalls: whole(0, "16").optional(),
    /** Bytes per second that a zone can carry, as an average over `window`. */
    throughputPerZone: positive("a number of bytes per second", "3000000").optional(),
    /** Share of its processors that a zone may use, as an average over `window`. */
    cpu: share("0.8").optional(),
    window: durationSchema({ min: 1, max: DAY, example: "1m" }).prefault("1m"),
    /**
     * A low load removes a zone only if the other zones could have carried the load of the last `scaleInAfter` seconds,
     * with a share `margin` of their capacity free.
     */
    margin: share("0.3").default(0.3),
    scaleInAfter: durationSchema({ min: 1, max: DAY, example: "10m" }).prefault("10m"),
    /** Minimum seconds between two scale-outs. Does not apply while there are fewer zones than `min`. */
    cooldownOut: durationSchema({ min: 0, max: DAY, example: "1m" }).prefault("1m"),
    /**
     * Minimum seconds between any scaling and a scale-in because of a low load. Also the minimum seconds between a
     * failed scale-in and the next one.
     */
    cooldownIn: durationSchema({ min: 0, max: DAY, example: "5m" }).prefault("5m"),
    /** Minimum numbers of zones at scheduled times. */
    schedules: z
      .array(schedule, {
        error: 'is not a list; write one such as [{ cron: "0 12 * * 1-5", … }]',
      })
      .default([]),
    /** Seconds by which a schedule applies before its window begins. */
    lead: durationSchema({ min: 0, max: DAY, example: "5m" }).prefault("5m"),
    /** Maximum hourly cost of all servers together. */
    maxHourlyCost: positive("an amount of money", "1.2").optional(),
    /** Hourly price of a server, by its flavor. */
    prices: z
      .record(z.string(), positive("a price of one hour", "0.12"), {
        error:
          "is not an object; write the hourly price of each flavor, such as { m1.small: 0.12 }",
      })
      .default({}),
    /** Seconds between two samples of the exchange. */
    interval: durationSchema({ min: 1, max: 3600, example: "15s" }).prefault("15s"),
  },
  "{ max: 4, callsPerZone: 80 }",
).transform(({ spareCalls, ...rest }) => ({
  ...rest,
  spareCalls: spareCalls ?? Math.ceil(SPARE_SHARE * rest.callsPerZone),
}));

export type Autoscale = z.output<typeof autoscaleSchema>;
export type Schedule = Autoscale["schedules"][number];

/** Values of other keys that `pbx:autoscale` is checked against. A missing or faulty value is undefined. */
export interface AutoscaleContext {
  readonly flavor: string | undefined;
  readonly controllerFlavor: string | undefined;
  readonly trunkCidr: string | undefined;
  /** Number of zones that the trunk network has addresses for. */
  readonly capacity: number | undefined;
}

/**
 * Returns the number of zones that the hourly cost `limit` allows besides the controller. `controller` and `zone` are
 * hourly prices. Tolerates the rounding error of decimal prices: 0.3 / 0.1 counts as 3.
 */
export function affordableZones(limit: number, controller: number, zone: number): number {
  return Math.max(0, Math.floor((limit - controller) / zone + 1e-9));
}

/** Returns the faults of combinations of fields, and of combinations with other keys. */
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
      `is ${String(max)}, but pbx:trunkCidr ${String(trunkCidr)} has addresses for ${String(capacity)} zones; lower max or widen pbx:trunkCidr`,
    );
  }
  if (scaleInAfter < window) {
    fault(
      "scaleInAfter",
      `is ${formatDuration(scaleInAfter)}, shorter than window, which is ${formatDuration(window)}; raise scaleInAfter or lower window`,
    );
  }
  if ((throughputPerZone ?? cpu) !== undefined && cooldownOut < window) {
    // If `cooldownOut` is shorter than `window`, an average at the end of the cooldown includes time before the
    // scale-out, and can cause a second scale-out.
    fault(
      "cooldownOut",
      `is ${formatDuration(cooldownOut)}, shorter than window, which is ${formatDuration(window)}; raise cooldownOut or lower window`,
    );
  }
  for (const [index, { min: wanted }] of schedules.entries()) {
    if (wanted > max) {
      fault(
        `schedules[${String(index)}].min`,
        `is ${String(wanted)}, more than max, which is ${String(max)}; lower this min or raise max`,
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
      `is ${String(maxHourlyCost)}, but the controller with ${min === 1 ? "one zone" : `${String(min)} zones`} (min) costs ${String(cost)} an hour; raise maxHourlyCost or lower min`,
    );
  }
  return faults;
}
