/** Load of all zones at one time. */
export interface Sample {
  /** When the reading of the zones began, in milliseconds since 1970. */
  readonly at: number;
  /** The zones in the rotation, in the order of their numbers; all zones of the stack if the rotation is unknown. */
  readonly zones: readonly ZoneSample[];
  /** The zones of the stack that are out of the rotation; empty if the rotation is unknown. */
  readonly out: readonly { readonly name: string; readonly number: number }[];
  /** Number of connections through HAProxy to all zones; null if unknown. */
  readonly sessions: number | null;
  /** Number of connections without a registered phone; null if unknown. */
  readonly unknown: number | null;
  /** Why HAProxy could not be asked; null if it answered. */
  readonly fault: string | null;
}

export interface ZoneSample {
  readonly name: string;
  /** Null if the zone could not be read. */
  readonly reading: ZoneReading | null;
  /** Why the zone could not be read; null if it was read. */
  readonly fault: string | null;
  /** Whether the zone has not passed HAProxy's health check; true also before the first check; false if unknown. */
  readonly down: boolean;
}

/** Load of a zone. The rates are null if there is no earlier reading since the zone booted. */
export interface ZoneReading {
  /** Number of calls; at least 1 if Asterisk has a channel. */
  readonly calls: number;
  /** Number of registered extensions. An extension that is registered in several zones counts in one of them. */
  readonly registrations: number;
  /** Mean traffic of the zone's network interfaces since the previous reading, in both directions; null if unknown. */
  readonly bytesPerSecond: number | null;
  /** Mean share of the zone's processors in use since the previous reading, 0 to 1; null if unknown. */
  readonly cpu: number | null;
}

/**
 * Returns why no zone in the rotation could be read; null if at least one could be read, or if the rotation is empty.
 * If HAProxy could not be asked, the reason is `fault` of the sample, because all zones are reached through the
 * controller.
 */
export function blindness({ zones, fault }: Sample): string | null {
  if (zones.length === 0 || zones.some(({ reading }) => reading !== null)) return null;
  return `no zone can be read: ${fault ?? zones[0]?.fault ?? "no answer"}`;
}
