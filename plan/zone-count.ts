/** Inputs for the number of zones of a stack with an autoscaler. */
export interface ZoneCountArgs {
  /** `pbx:zones`, which applies to the first deployment. */
  readonly first: number;
  /** Minimum and maximum of `pbx:autoscale`. */
  readonly range: { readonly min: number; readonly max: number };
  /** Number of zones after the last successful update; undefined before the first one. */
  readonly inService: number | undefined;
  /** Number of zones that the autoscaler requests. Overrides the range. Undefined in an operator's update. */
  readonly wanted: number | undefined;
}

export interface ZoneCount {
  readonly zones: number;
  /** Message with the number and its origin. */
  readonly inWords: string;
}

/** Returns the number of zones of an update. An operator's update keeps the zones in service, within the range. */
export function zoneCount({ first, range, inService, wanted }: ZoneCountArgs): ZoneCount {
  const [requested, origin] = requestedZones({ first, inService, wanted });
  const zones = wanted ?? Math.min(range.max, Math.max(range.min, requested));
  const limit = `, and pbx:autoscale allows ${String(range.min)} to ${String(range.max)}`;
  return {
    zones,
    inWords: `${String(zones)} zone${zones === 1 ? "" : "s"}: ${origin}${zones === requested ? "" : limit}`,
  };
}

/** Returns the number of zones before the range applies, and the origin of the number. */
function requestedZones({
  first,
  inService,
  wanted,
}: Omit<ZoneCountArgs, "range">): readonly [zones: number, origin: string] {
  if (wanted !== undefined) return [wanted, `the autoscaler asks for ${String(wanted)}`];
  if (inService !== undefined)
    return [inService, `${String(inService)} ${inService === 1 ? "is" : "are"} in service`];
  return [first, `pbx:zones is ${String(first)}, for the first deployment`];
}
