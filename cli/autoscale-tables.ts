import { outInWords, outOfRotation } from "../autoscaler/rotation";
import type { Sample, ZoneSample } from "../autoscaler/sample";
import type { Considered } from "../autoscaler/tick";
import { bytesPerSecond as rate, namesOf, percent } from "../core/format";
import { table } from "./terminal";

/** Formats a decision of the autoscaler, with the last sample and all criteria. */
export function explanation({ decision, state, sample }: Considered): string {
  const zones = table(sample.zones.map(zoneRow), [
    "zone",
    "calls",
    "phones",
    "throughput",
    "processors",
  ]);
  const criteria = table(
    decision.criteria.map(({ name, found, threshold, zones: says }) => [
      name,
      found,
      threshold,
      says === null ? "" : String(says),
    ]),
    ["criterion", "value", "threshold", "zones"],
  );
  const { action, zones: wanted, reason } = decision;
  const verdict = {
    out: `would add zones, from ${String(state.zones)} to ${String(wanted)}`,
    in: `would remove zones, from ${String(state.zones)} to ${String(wanted)}`,
    hold: `would keep the number of zones, ${String(state.zones)}`,
  }[action];
  const out = outOfRotation(sample, state.zones);
  const down = sample.zones.filter((zone) => zone.down).map(({ name }) => name);
  const notes = [
    ...faultsOf(sample),
    ...(out.length === 0 ? [] : [outInWords(out)]),
    ...(sample.unknown === null ? [] : [unknownConnections(sample.unknown)]),
    ...(down.length === 0 ? [] : [`HAProxy reports as down: ${namesOf(down)}`]),
  ];
  return [zones, ...notes, criteria, `${verdict}: ${reason}`].join("\n");
}

const unknownConnections = (unknown: number): string =>
  `connections without a registered phone: ${String(unknown)}; they add no zone`;

/** Returns the reasons for unknown values, each only once: the controller and all zones may have the same reason. */
function faultsOf({ zones, fault }: Sample): string[] {
  const faults = [fault, ...zones.map((zone) => zone.fault)].filter((some) => some !== null);
  return [...new Set(faults)];
}

function zoneRow({ name, reading }: ZoneSample): string[] {
  if (reading === null) return [name, "unknown", "unknown", "unknown", "unknown"];
  const { calls, registrations, bytesPerSecond, cpu } = reading;
  return [
    name,
    String(calls),
    String(registrations),
    bytesPerSecond === null ? "unknown" : rate(bytesPerSecond),
    cpu === null ? "unknown" : percent(cpu),
  ];
}
