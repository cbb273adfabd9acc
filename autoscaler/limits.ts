import { affordableZones } from "../config/autoscale";
import type { ScalingState } from "./decision";
import type { Argument } from "./demand";
import type { Policy } from "./policy";
import { count } from "../core/format";

/** A criterion that always has a say, with how many zones it asks for or allows. */
export interface Limit extends Argument {
  readonly zones: number;
}

export function least({ min }: Policy, { zones }: ScalingState): Limit {
  return {
    name: "min",
    found: count(zones, "zone"),
    threshold: String(min),
    zones: min,
    because: `pbx:autoscale.min is ${String(min)}, and there ${are(zones)}`,
  };
}

/** What an operator allows at most: a number of zones, and an hourly cost. */
export function ceilings({ max, cost }: Policy, { zones }: ScalingState): readonly Limit[] {
  const limits: Limit[] = [
    {
      name: "max",
      found: count(zones, "zone"),
      threshold: String(max),
      zones: max,
      because: `pbx:autoscale.max allows ${String(max)}`,
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
      because: `pbx:autoscale.maxHourlyCost ${money(cost.limit)} pays for ${String(allowed)}`,
    });
  }
  return limits;
}

/** What the cloud allows; null where it was not asked. Zones that there are stay, whatever it says. */
export function quota({ zones, headroom }: ScalingState): Limit | null {
  return headroom === null
    ? null
    : {
        name: "quota",
        found: `room for ${String(headroom.zones)} more`,
        threshold: `short beyond: ${headroom.short}`,
        zones: zones + headroom.zones,
        because: `the cloud's quota has room for ${String(headroom.zones)} more (short: ${headroom.short})`,
      };
}

export const are = (zones: number): string =>
  `${zones === 1 ? "is" : "are"} ${count(zones, "zone")}`;
