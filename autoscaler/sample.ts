/** Result of one look at the exchange. Counts are exact. Times are milliseconds since 1970. */
export interface Sample {
  /** When the sample was taken. */
  readonly at: number;
  /** All zones in the rotation, in the order of their numbers. */
  readonly zones: readonly ZoneSample[];
  /** Zones of the stack that are out of the rotation; empty if HAProxy could not be asked. */
  readonly out: readonly { readonly name: string; readonly number: number }[];
  /** Connections through HAProxy to all zones; null if HAProxy could not be asked. */
  readonly sessions: number | null;
  /** Connections without a registered phone; null if HAProxy or a zone could not be asked. */
  readonly unknown: number | null;
  /** Why HAProxy could not be asked; null if it answered. */
  readonly fault: string | null;
}

/** One zone of a sample. A zone that cannot be read is unknown, which never counts as idle. */
export interface ZoneSample {
  readonly name: string;
  /** Null if the zone could not be read. */
  readonly reading: ZoneReading | null;
  /** Why the zone could not be read; null if it was read. */
  readonly fault: string | null;
  /** Whether HAProxy sends it no connections because its health check fails; false if unknown. */
  readonly down: boolean;
}

export interface ZoneReading {
  /** Active calls in Asterisk. */
  readonly calls: number;
  /** Registered phones. A phone that is registered in several zones is counted in one of them. */
  readonly registrations: number;
  /** Traffic of its network interface in both directions since the previous look; null at the first look. */
  readonly bytesPerSecond: number | null;
  /** Share of its processors in use since the previous look, 0 to 1; null at the first look. */
  readonly cpu: number | null;
}

/** Returns why no zone can be read; null if at least one can. All zones are reached through the controller. */
export function blindness({ zones, fault }: Sample): string | null {
  if (zones.length === 0 || zones.some(({ reading }) => reading !== null)) return null;
  return `no zone can be read: ${fault ?? zones[0]?.fault ?? "no answer"}`;
}
