import type { Autoscale } from "../config/autoscale";
import type { Settings } from "../config/schema";

/** What a decision follows: `pbx:autoscale`, its times in seconds, with the prices that count here. */
export interface Policy extends Omit<Autoscale, "maxHourlyCost" | "prices"> {
  /** Null where money is no matter. */
  readonly cost: CostLimit | null;
}

/** Of one hour, in whatever money the operator writes prices in. */
export interface CostLimit {
  readonly limit: number;
  readonly controller: number;
  readonly zone: number;
}

type Configured = Pick<Settings, "autoscale" | "flavor" | "controllerFlavor">;

/** The policy of a stack; null where it has none. */
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
