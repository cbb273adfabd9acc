/** One measurement of the exchange. Counts are exact. Times are milliseconds since 1970. */
export interface Sample {
  /** When the sample was taken. */
  readonly at: number;
  /**
   * The zones in the rotation, in the order of their numbers. If HAProxy could not be asked, all zones of the stack.
   */
  readonly zones: readonly ZoneSample[];
  /** The zones of the stack that are out of the rotation; empty if HAProxy could not be asked. */
  readonly out: readonly { readonly name: string; readonly number: number }[];
  /** Connections through HAProxy to all zones; null if HAProxy could not be asked. */
  readonly sessions: number | null;
  /** Connections without a registered phone; null if HAProxy or a zone could not be asked. */
  readonly unknown: number | null;
  /** Why HAProxy could not be asked; null if it answered. */
  readonly fault: string | null;
}

/** One zone of a sample. If a zone cannot be read, its load is unknown. Unknown load never counts as idle. */
export interface ZoneSample {
  readonly name: string;
  /** Null if the zone could not be read. */
  readonly reading: ZoneReading | null;
  /** Why the zone could not be read; null if it was read. */
  readonly fault: string | null;
  /** Whether HAProxy sends the zone no connections because the zone's health check fails; false if unknown. */
  readonly down: boolean;
}

/** Load of a zone. Rates are unknown in the first reading, and in the first one after a reboot of the zone. */
export interface ZoneReading {
  /** Active calls in Asterisk. */
  readonly calls: number;
  /** Registered phones. A phone that is registered in several zones is counted in one of them. */
  readonly registrations: number;
  /** Mean traffic of the zone's network interfaces since the previous reading, in both directions; null if unknown. */
  readonly bytesPerSecond: number | null;
  /** Share of the zone's processors in use since the previous reading, 0 to 1; null if unknown. */
  readonly cpu: number | null;
}

/**
 * Returns why no zone can be read; null if a zone can be read. The reason is the controller's fault, if there is one:
 * all zones are reached through the controller.
 */
export function blindness({ zones, fault }: Sample): string | null {
  if (zones.length === 0 || zones.some(({ reading }) => reading !== null)) return null;
  return `no zone can be read: ${fault ?? zones[0]?.fault ?? "no answer"}`;
}
