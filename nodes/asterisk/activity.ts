import { setTimeout as sleep } from "node:timers/promises";
import { asterisk, NotRunning } from "./console";
import { asteriskProgram } from "./program";
import { Deadline } from "../../core/deadline";
import type { Session } from "../../ssh/session";

/** A phone that is registered, and the port of its connection with the controller. */
export interface Contact {
  readonly extension: string;
  readonly port: number;
}

/** What goes on in a zone. */
export interface Activity {
  /** Calls, as Asterisk counts them; one may have more than two channels, or a single one. */
  readonly calls: number;
  readonly channels: number;
  /** Extensions whose phones are in a call, or ring. */
  readonly busy: ReadonlySet<string>;
  readonly contacts: readonly Contact[];
}

/** Another zone, as this one sees it. */
export interface TrunkPeerStatus {
  readonly name: string;
  readonly ok: boolean;
  /** Round trip to it, in milliseconds; null where it does not answer. */
  readonly latency: number | null;
}

/** A zone has one of the drivers, chan_sip or chan_pjsip; the other one's command does not exist there. */
export const CONTACTS = ["sip show peers", "database show registrar"] as const;
const CHANNELS = ["core show channels concise", "core show channels count"] as const;

/** In milliseconds. */
const HANG_UP_DEADLINE = 5_000;
const HANG_UP_INTERVAL = 200;

/** Looks at a zone's calls and phones. An Asterisk that does not run has none. */
export async function activityOf(zone: Session): Promise<Activity> {
  try {
    // Calls last: a phone that was idle a moment ago may have one now.
    const answers = await asterisk(zone, [...CONTACTS, ...CHANNELS]);
    const text = (from: number, to?: number): string => answers.slice(from, to).join("\n");
    return {
      ...parseChannels(text(CONTACTS.length)),
      contacts: parseContacts(text(0, CONTACTS.length)),
    };
  } catch (error) {
    if (!(error instanceof NotRunning)) throw error;
    return { ...parseChannels(""), contacts: [] };
  }
}

/** How the trunk of a zone is, seen from there. */
export async function trunkPeersOf(zone: Session): Promise<TrunkPeerStatus[]> {
  try {
    const [peers = ""] = await asterisk(zone, ["iax2 show peers"]);
    return parseTrunkPeers(peers);
  } catch (error) {
    if (!(error instanceof NotRunning)) throw error;
    return [];
  }
}

/**
 * Closes connections of phones with a zone: HAProxy then closes the phones' own. The zone's kernel closes them by
 * their ports. HAProxy knows a session by an address in its memory, which may be another session's by the time of the
 * command.
 *
 * @param ports of the controller, one for each phone.
 */
export async function disconnect(zone: Session, ports: readonly number[] | "all"): Promise<void> {
  await asteriskProgram(zone, "disconnect", ports === "all" ? [ports] : ports.map(String));
}

/** Ends all calls of a zone, gives them a moment to be gone, and tells how many are not. */
export async function hangUpAll(zone: Session): Promise<number> {
  const deadline = new Deadline(HANG_UP_DEADLINE);
  try {
    await asterisk(zone, ["channel request hangup all"]);
    for (;;) {
      const [count = ""] = await asterisk(zone, ["core show channels count"]);
      const { calls } = parseChannels(count);
      if (calls === 0 || deadline.isOver) return calls;
      await sleep(HANG_UP_INTERVAL);
    }
  } catch (error) {
    if (!(error instanceof NotRunning)) throw error;
    return 0;
  }
}

/** A name of a channel: `PJSIP/1001-0000002a`, `SIP/1001-0000002a`, `IAX2/zone2-1234`. */
const CHANNEL = /^(\w+)\/([^!]+)-[0-9a-f]+(?:;[12])?$/;

/** A line of `core show channels concise`. Callers choose some of its values. */
export interface ChannelLine {
  readonly name: string;
  readonly technology: string;
  /** Extension of a phone, or name of another zone. */
  readonly end: string;
  /** All columns; if one holds the separator `!`, it takes more than one place. */
  readonly columns: readonly string[];
}

/**
 * The lines of `core show channels concise` that begin with the name of a channel. A value with a line feed
 * can cut a line off, and can look like the line of another channel: then that phone is taken for busy as
 * long as the caller's own call lasts.
 */
export function channelLines(output: string): ChannelLine[] {
  return output.split("\n").flatMap((line) => {
    const columns = line.split("!");
    const [name = ""] = columns;
    const [, technology, end] = CHANNEL.exec(name) ?? [];
    return technology === undefined || end === undefined || columns.length === 1
      ? []
      : [{ name, technology, end, columns }];
  });
}

/** What `core show channels concise` and `core show channels count` print, one after the other. */
export function parseChannels(output: string): Omit<Activity, "contacts"> {
  const lines = channelLines(output);
  const counts = Array.from(output.matchAll(/^(\d{1,9}) active (channel|call)s?$/gm));
  // The last one: it is printed after everything that callers chose.
  const active = (of: string): number =>
    Number(counts.filter(([, , what]) => what === of).at(-1)?.[1] ?? 0);
  // What a call leaves behind when its caller hangs up last is a channel without a call.
  const channels = Math.max(lines.length, active("channel"));
  return {
    calls: Math.max(active("call"), channels > 0 ? 1 : 0),
    channels,
    busy: new Set(
      lines.flatMap(({ technology, end }) =>
        /^(?:PJ)?SIP$/.test(technology) && /^\d+$/.test(end) ? [end] : [],
      ),
    ),
  };
}

/**
 * What `sip show peers`, or `database show registrar` of PJSIP, prints. (`pjsip show contacts` cuts
 * the port off.) A peer that is registered no more has port 0.
 */
export function parseContacts(output: string): Contact[] {
  return output.split("\n").flatMap((line) => {
    const found = registrarContact(line) ?? PEER.exec(line)?.groups;
    const { extension, port } = found ?? {};
    return extension === undefined || Number(port) === 0 ? [] : [{ extension, port: Number(port) }];
  });
}

/**
 * A line of `sip show peers`. A phone chooses what stands after its extension, up to 24 characters, and
 * nothing from the address on: the line is read from its end.
 */
const PEER =
  /^(?<extension>\d+)(?:[/ ].*)?\s[\d.]+\s+D\s+(?:Yes|No|Auto \((?:Yes|No)\))\s+(?:Yes|No|Auto \((?:Yes|No)\))\s+(?:A\s+)?(?<port>\d+)\s+(?:OK \(\d+ ms\)|LAGGED \(\d+ ms\)|UNREACHABLE|UNKNOWN|Unmonitored)\s*$/;

/**
 * A line of `database show registrar`: a key, and an object in JSON whose values a phone chooses. The
 * address in `uri` is that of its connection (`rewrite_contact`).
 */
function registrarContact(line: string): Readonly<Record<string, string>> | undefined {
  const [, extension = "", json = ""] = REGISTRAR.exec(line) ?? [];
  if (json === "") return undefined;
  let uri: unknown;
  try {
    ({ uri } = JSON.parse(json) as { uri?: unknown });
  } catch {
    return undefined;
  }
  const [, port] = /^sips?:(?:[^@]*@)?[\d.]+:(\d{1,5})(?:[;?]|$)/.exec(String(uri)) ?? [];
  return port === undefined ? undefined : { extension, port };
}

/** The key of a contact: an extension, and a hash of what the phone registered. */
const REGISTRAR_KEY = /^\/registrar\/contact\/((\d+);@[0-9a-f]+) *: /;
const REGISTRAR = /^\/registrar\/contact\/(\d+);@[0-9a-f]+ *: (\{.*\}) *$/;

/** Keys of the contacts of `extensions`, in what `database show registrar` prints, for its commands. */
export const registrarKeys = (output: string, extensions: ReadonlySet<string>): string[] =>
  output.split("\n").flatMap((line) => {
    const [, key = "", extension = ""] = REGISTRAR_KEY.exec(line) ?? [];
    return extensions.has(extension) ? [key] : [];
  });

/** What `iax2 show peers` prints. */
export function parseTrunkPeers(output: string): TrunkPeerStatus[] {
  return output.split("\n").flatMap((line) => {
    const name = /^(\w+)(?:\/\w+)?\s.*\s\d+\s+(?:\([TE]\)\s+)*(?=\S)/.exec(line)?.[1];
    if (name === undefined || !/\d+\.\d+\.\d+\.\d+/.test(line)) return [];
    const [, milliseconds] = /\bOK \((\d+) ms\)/.exec(line) ?? [];
    const ok = milliseconds !== undefined;
    return [{ name, ok, latency: ok ? Number(milliseconds) : null }];
  });
}
