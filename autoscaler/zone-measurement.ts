import { CONTACTS, parseChannels, parseContacts } from "../nodes/asterisk/activity";
import { asterisk } from "../nodes/asterisk/console";
import type { Session } from "../ssh/session";
import { type Counters, readCounters } from "./counters";

export interface ZoneMeasurement {
  readonly calls: number;
  /** Registered extensions. */
  readonly registered: readonly string[];
  readonly counters: Counters;
}

/** Reads the calls, registrations and counters of a zone. @throws NodeError if the zone cannot be read. */
export async function inspectZone(zone: Session): Promise<ZoneMeasurement> {
  const [answers, counters] = await Promise.all([
    asterisk(zone, ["core show channels count", ...CONTACTS]),
    readCounters(zone),
  ]);
  const [channels = "", ...contacts] = answers;
  return {
    calls: parseChannels(channels).calls,
    registered: parseContacts(contacts.join("\n")).map(({ extension }) => extension),
    counters,
  };
}
