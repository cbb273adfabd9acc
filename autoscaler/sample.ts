/** What one look at the exchange has found. Counts are exact, times are milliseconds since 1970. */
export interface Sample {
  /** When it was taken. */
  readonly at: number;
  /** Every zone in the rotation, in the order of their numbers. */
  readonly zones: readonly ZoneSample[];
  /** Zones of the stack that are out of it; none where HAProxy could not be asked. */
  readonly out: readonly { readonly name: string; readonly number: number }[];
  /** Connections that HAProxy carries to all zones; null when HAProxy could not be asked. */
  readonly sessions: number | null;
  /** Those of them that no registered phone has; null if HAProxy, or a zone, could not be asked. */
  readonly unknown: number | null;
  /** Why HAProxy could not be; null where it could. */
  readonly fault: string | null;
}

/** A zone at that time. One that cannot be read is unknown, which is never the same as idle. */
export interface ZoneSample {
  readonly name: string;
  /** Null when it could not be read. */
  readonly reading: ZoneReading | null;
  /** Why not; null where it could. */
  readonly fault: string | null;
  /** Whether HAProxy sends it nobody, since it has not passed a check; false where that is unknown. */
  readonly down: boolean;
}

export interface ZoneReading {
  /** Calls that Asterisk carries. */
  readonly calls: number;
  /** Phones registered. A phone that is registered in several zones counts in one of them. */
  readonly registrations: number;
  /** Through its network interface in both directions, since the look before; null at the first one. */
  readonly bytesPerSecond: number | null;
  /** Share of its processors in use since the look before, 0 to 1; null at the first one. */
  readonly cpu: number | null;
}

/** Why nothing is known of any zone; null where something is. The controller is on the way to all. */
export function blindness({ zones, fault }: Sample): string | null {
  if (zones.length === 0 || zones.some(({ reading }) => reading !== null)) return null;
  return `no zone can be read: ${fault ?? zones[0]?.fault ?? "no answer"}`;
}
