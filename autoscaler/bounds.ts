import { affordableZones } from "../config/autoscale-schema";
import { count } from "../core/format";
import type { ScalingState } from "./decision";
import type { Argument } from "./demand";
import type { Policy } from "./policy";

/** A criterion that always has a number of zones, which it asks for or allows. */
export interface Limit extends Argument {
  readonly zones: number;
}

export function minimum({ min }: Policy, { zones }: ScalingState): Limit {
  return {
    name: "min",
    found: count(zones, "zone"),
    threshold: String(min),
    zones: min,
    reason: `pbx:autoscale.min is ${String(min)}, and there ${isOrAreZones(zones)}`,
  };
}

/** Returns the upper limits that an operator has set: number of zones and hourly cost. */
export function ceilings({ max, cost }: Policy, { zones }: ScalingState): readonly Limit[] {
  const limits: Limit[] = [
    {
      name: "max",
      found: count(zones, "zone"),
      threshold: String(max),
      zones: max,
      reason: `pbx:autoscale.max allows ${String(max)}`,
    },
  ];
  if (cost !== null) {
    const allowed = affordableZones(cost.limit, cost.controller, cost.zone);
    const money = (amount: number): string => String(Number(amount.toFixed(6)));
    limits.push({
      name: "cost",
      found: `${money(cost.controller + zones * cost.zone)} an hour`,
      threshold: `${money(cost.limit)} an hour`,
      zones: allowed,
      reason: `pbx:autoscale.maxHourlyCost ${money(cost.limit)} pays for ${String(allowed)}`,
    });
  }
  return limits;
}

/**
 * Returns the limit of the cloud's quota; null if the quota is unknown or unlimited. A quota never causes the removal
 * of a zone.
 */
export function quota({ zones, headroom }: ScalingState): Limit | null {
  return headroom === null
    ? null
    : {
        name: "quota",
        found: `room for ${String(headroom.zones)} more`,
        threshold: `limited by: ${headroom.shortage}`,
        zones: zones + headroom.zones,
        reason: `the cloud's quota has room for ${count(headroom.zones, "more zone")} (${headroom.shortage})`,
      };
}

export const isOrAreZones = (zones: number): string =>
  `${zones === 1 ? "is" : "are"} ${count(zones, "zone")}`;
