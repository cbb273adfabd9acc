import { formatDuration } from "../core/duration";
import { PHONES_PER_ZONE } from "../plan/capacity";
import { countByZone, meanByZone, type ZoneLoad } from "./load";
import type { Policy } from "./policy";
import type { Sample, ZoneReading } from "./sample";
import { bytesPerSecond, count, percent } from "../core/format";

/** Something that zones carry, and that a zone has so much room for. */
export interface Metric {
  readonly name: "calls" | "throughput" | "cpu" | "phones";
  /** Room of a zone, and room that there shall be beside what is carried. */
  readonly perZone: number;
  readonly spare: number;
  /** Seconds that a mean is taken of; null for what is exact at any moment. */
  readonly window: number | null;
  readonly loads: (samples: readonly Sample[], at: number) => readonly ZoneLoad[];
  readonly value: (reading: ZoneReading) => number | null;
  /** What a zone does with it, and what several do. */
  readonly verb: readonly [one: string, several: string];
  /** A value with its unit. */
  readonly format: (value: number) => string;
  /** What the zones are held against. */
  readonly threshold: string;
}

/** Phones that there shall always be room for: a phone that finds none cannot call, nor be called. */
export const SPARE_PHONES = PHONES_PER_ZONE / 10;

const CARRY = ["carries", "carry"] as const;

/** What `policy` goes by. */
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
