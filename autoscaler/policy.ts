import type { Autoscale } from "../config/autoscale-schema";
import type { Settings } from "../config/schema";

/**
 * Policy of the autoscaler: `pbx:autoscale`, with `cost` in place of `maxHourlyCost` and `prices`. Times are in
 * seconds.
 */
export interface Policy extends Omit<Autoscale, "maxHourlyCost" | "prices"> {
  /** Null if no cost limit is set. */
  readonly cost: CostLimit | null;
}

/** Hourly cost limit, and the hourly prices of the controller and of a zone. All are in the operator's currency. */
export interface CostLimit {
  readonly limit: number;
  readonly controller: number;
  readonly zone: number;
}

type Configured = Pick<Settings, "autoscale" | "flavor" | "controllerFlavor">;

/** Returns the policy of a stack; null if `pbx:autoscale` is not set. */
export function policyOf(settings: Configured & { readonly autoscale: Autoscale }): Policy;
export function policyOf(settings: Configured): Policy | null;
export function policyOf({
  autoscale,
  flavor,
  controllerFlavor = flavor,
}: Configured): Policy | null {
  if (autoscale === undefined) {
    return null;
  }
  const { maxHourlyCost: limit, prices, ...rest } = autoscale;
  const { [flavor]: zone, [controllerFlavor]: controller } = prices;
  const priced = limit !== undefined && zone !== undefined && controller !== undefined;
  return { ...rest, cost: priced ? { limit, controller, zone } : null };
}
