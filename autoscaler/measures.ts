import { formatDuration } from "../core/duration";
import { bytesPerSecond, count, percent } from "../core/format";
import { PHONES_PER_ZONE } from "../plan/capacity";
import type { Policy } from "./policy";
import type { Sample, ZoneReading } from "./sample";
import { countByZone, meanByZone, type ZoneLoad } from "./zone-load";

/** A kind of load, and the capacity of a zone for it. */
export interface Metric {
  readonly name: "calls" | "throughput" | "cpu" | "phones";
  /** Load that a zone can carry, in the unit of `value`. */
  readonly perZone: number;
  /** Capacity to keep free in all zones together, in addition to the load. */
  readonly spare: number;
  /** Seconds over which the mean is taken; null for a metric that is not a mean. */
  readonly window: number | null;
  readonly loads: (samples: readonly Sample[], at: number) => readonly ZoneLoad[];
  readonly value: (reading: ZoneReading) => number | null;
  /** Verb for the reason of a decision, for one zone and for several zones. */
  readonly verb: readonly [one: string, several: string];
  readonly format: (value: number) => string;
  /** The threshold as text, for the table of criteria. */
  readonly threshold: string;
}

/**
 * Number of additional phones that all zones together keep capacity for. A phone that cannot register can neither make
 * nor receive calls.
 */
export const SPARE_PHONES = PHONES_PER_ZONE / 10;

const CARRY = ["carries", "carry"] as const;

export function metricsOf(policy: Policy): readonly Metric[] {
  const { callsPerZone, spareCalls, throughputPerZone, cpu, window } = policy;
  const mean = (
    name: "throughput" | "cpu",
    field: "bytesPerSecond" | "cpu",
    perZone: number | undefined,
    { verb, format }: Pick<Metric, "verb" | "format">,
  ): readonly Metric[] =>
    perZone === undefined
      ? []
      : [
          {
            name,
            perZone,
            spare: 0,
            window,
            loads: (samples, at) => meanByZone(samples, at, window, field),
            value: (reading) => reading[field],
            verb,
            format,
            threshold: `${format(perZone)} a zone for ${formatDuration(window)}`,
          },
        ];
  return [
    {
      name: "calls",
      perZone: callsPerZone,
      spare: spareCalls,
      window: null,
      loads: (samples, at) => countByZone(samples, at, window, "calls"),
      value: (reading) => reading.calls,
      verb: CARRY,
      format: (value) => count(value, "call"),
      threshold: `${String(callsPerZone)} a zone, ${String(spareCalls)} spare`,
    },
    ...mean("throughput", "bytesPerSecond", throughputPerZone, {
      verb: CARRY,
      format: bytesPerSecond,
    }),
    ...mean("cpu", "cpu", cpu, { verb: ["uses", "use"], format: percent }),
    {
      name: "phones",
      perZone: PHONES_PER_ZONE,
      spare: SPARE_PHONES,
      window: null,
      loads: (samples, at) => countByZone(samples, at, window, "registrations"),
      value: (reading) => reading.registrations,
      verb: ["has", "have"],
      format: (value) => count(value, "phone"),
      threshold: `${String(PHONES_PER_ZONE)} a zone, ${String(SPARE_PHONES)} spare`,
    },
  ];
}
