import type { Considered } from "../autoscaler/tick";
import type { Sample, ZoneSample } from "../autoscaler/sample";
import { areOut, outOfRotation } from "../autoscaler/rotation";
import { bytesPerSecond as rate, namesOf, percent } from "../core/format";
import { table } from "./table";

/** Why the autoscaler would do what: samples and thresholds. */
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
    ["criterion", "found", "held against", "zones"],
  );
  const { action, zones: wanted, reason } = decision;
  const verdict = {
    out: `would add zones, from ${String(state.zones)} to ${String(wanted)}`,
    in: `would take zones away, from ${String(state.zones)} to ${String(wanted)}`,
    hold: `would leave ${String(state.zones)} as they are`,
  }[action];
  const out = outOfRotation(sample, state.zones);
  const down = sample.zones.filter((zone) => zone.down).map(({ name }) => name);
  const notes = [
    ...faultsOf(sample),
    ...(out.length === 0 ? [] : [areOut(out)]),
    ...(sample.unknown === null ? [] : [unknownConnections(sample.unknown)]),
    ...(down.length === 0 ? [] : [`HAProxy has ${namesOf(down)} down`]),
  ];
  return [zones, ...notes, criteria, `${verdict}: ${reason}`].join("\n");
}

const unknownConnections = (unknown: number): string =>
  `connections without a registered phone: ${String(unknown)}; they buy no zone`;

/** Why what is unknown is, each fault once: that of the controller is that of all zones. */
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
