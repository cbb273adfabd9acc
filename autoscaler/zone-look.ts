import { askAsterisk, CONTACTS, parseChannels, parseContacts } from "../provider/asterisk";
import { NodeError, type Session } from "../provider/session";
import { COUNTERS, type Counters, parseCounters } from "./counters";

/** What one look at a zone has found. */
export interface ZoneLook {
  readonly calls: number;
  readonly registrations: number;
  readonly counters: Counters;
}

const PART = "--- part";

/** Looks at a zone, by one script. @throws NodeError when it cannot be seen what goes on there. */
export async function lookAtZone(zone: Session): Promise<ZoneLook> {
  const output = await askAsterisk(
    zone,
    `${CONTACTS}
     echo '${PART}'
     rx 'core show channels count'
     echo '${PART}'
     ${COUNTERS}`,
  );
  if (output === null) throw new NodeError(zone.node, "Asterisk does not run there");
  const [contacts = "", channels = "", counters = ""] = output.split(`${PART}\n`);
  return {
    calls: parseChannels(channels).calls,
    registrations: new Set(parseContacts(contacts).map(({ extension }) => extension)).size,
    counters: parseCounters(counters),
  };
}
