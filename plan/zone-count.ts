/** What the number of zones is made of, in a stack that scales by itself. */
export interface ZoneCountArgs {
  /** `pbx:zones`: for the first deployment. */
  readonly first: number;
  /** Of `pbx:autoscale`. */
  readonly range: { readonly min: number; readonly max: number };
  /** As the last update that succeeded has left them; undefined before the first one. */
  readonly inService: number | undefined;
  /** What the autoscaler asks for, whatever the range; undefined in an operator's update. */
  readonly wanted: number | undefined;
}

export interface ZoneCount {
  readonly zones: number;
  /** The number, and where it comes from. */
  readonly inWords: string;
}

/** How many zones an update makes. One that was not asked for a number keeps those in service. */
export function zoneCount({ first, range, inService, wanted }: ZoneCountArgs): ZoneCount {
  const [asked, origin] = asking({ first, inService, wanted });
  const zones = wanted ?? Math.min(range.max, Math.max(range.min, asked));
  const limit = `, and pbx:autoscale allows ${String(range.min)} to ${String(range.max)}`;
  return {
    zones,
    inWords: `${String(zones)} zone${zones === 1 ? "" : "s"}: ${origin}${zones === asked ? "" : limit}`,
  };
}

function asking({
  first,
  inService,
  wanted,
}: Omit<ZoneCountArgs, "range">): readonly [zones: number, origin: string] {
  if (wanted !== undefined) return [wanted, `the autoscaler asks for ${String(wanted)}`];
  if (inService !== undefined)
    return [inService, `${String(inService)} ${inService === 1 ? "is" : "are"} in service`];
  return [first, `pbx:zones is ${String(first)}, for the first deployment`];
}
