import { SIP_PORT } from "../../core/ports";
import { poll, PollTimeout } from "../../core/retry";
import type { Session } from "../../ssh/session";
import { asteriskProgram } from "./asterisk-program";
import { asterisk, NotRunning } from "./console";

/** Registration of a phone. */
export interface Contact {
  readonly extension: string;
  /** Source port, on the controller, of the connection that HAProxy has opened to the zone for this phone. */
  readonly port: number;
}

/** Calls and registered phones of a zone. */
export interface Activity {
  /** Number of calls that Asterisk counts; at least 1 if there is a channel. A call has one or more channels. */
  readonly calls: number;
  readonly channels: number;
  /** Extensions of phones that are in a call, calling or ringing. */
  readonly busy: ReadonlySet<string>;
  readonly contacts: readonly Contact[];
}

/** Status of another zone on the trunk, as seen from this zone. */
export interface TrunkPeerStatus {
  readonly name: string;
  /** Whether the other zone answers in time. */
  readonly ok: boolean;
  /** Round trip time in milliseconds; null if `ok` is false. */
  readonly latency: number | null;
}

/**
 * Console commands that list the registered phones of chan_sip and of chan_pjsip. A zone uses only one of these
 * drivers. The command of the other driver lists nothing.
 */
export const CONTACTS = ["sip show peers", "database show registrar"] as const;
const CHANNELS = ["core show channels concise", "core show channels count"] as const;

/** Milliseconds to wait until calls have ended. */
const HANG_UP_DEADLINE = 5_000;

/** Returns the calls and registered phones of a zone; none if Asterisk does not run. @throws NodeError */
export async function activityOf(zone: Session): Promise<Activity> {
  try {
    // Ask for channels after phones, so that a phone that begins a call in between counts as busy.
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

/** Returns the status of a zone's trunk peers; empty if Asterisk does not run. @throws NodeError */
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
 * Closes connections from HAProxy to a zone, by their ports. HAProxy then closes its connections to the phones. A
 * command to HAProxy would not be safe: HAProxy identifies a session by a memory address, which may belong to another
 * session when the command arrives.
 *
 * @param ports source ports of the connections, on the controller; `all` for all connections.
 * @throws NodeError
 */
export async function disconnect(zone: Session, ports: readonly number[] | "all"): Promise<void> {
  const from = ports === "all" ? [ports] : ports.map(String);
  await asteriskProgram(zone, "disconnect", [String(SIP_PORT), ...from]);
}

/**
 * Ends all calls of a zone. Waits until they have ended, for at most {@link HANG_UP_DEADLINE}.
 *
 * @returns the number of calls that remain.
 * @throws NodeError
 */
export async function hangUpAll(zone: Session): Promise<number> {
  let calls = 0;
  const haveEnded = async (): Promise<true | undefined> => {
    const [count = ""] = await asterisk(zone, ["core show channels count"]);
    calls = parseChannels(count).calls;
    return calls === 0 ? true : undefined;
  };
  try {
    await asterisk(zone, ["channel request hangup all"]);
    await poll(haveEnded, HANG_UP_DEADLINE);
  } catch (error) {
    if (error instanceof NotRunning) return 0;
    if (!(error instanceof PollTimeout)) throw error;
  }
  return calls;
}

/** Matches the name of a channel: `PJSIP/1001-0000002a`, `SIP/1001-0000002a`, `IAX2/zone2-1234`. */
const CHANNEL = /^(\w+)\/([^!]+)-[0-9a-f]+(?:;[12])?$/;

/** Line of `core show channels concise`. Callers control some of the values. */
export interface ChannelLine {
  readonly name: string;
  readonly technology: string;
  /** Extension of a phone, or name of another zone. */
  readonly end: string;
  /** All columns. A value that contains the separator `!` takes more than one column. */
  readonly columns: readonly string[];
}

/**
 * Returns the lines of `core show channels concise` that begin with the name of a channel. A caller can send a value
 * with a line feed. Such a value can cut off its line, or can imitate the line of another channel. An idle phone can
 * then count as busy until that caller's call ends.
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

/** Parses the output of `core show channels concise`, followed by the output of `core show channels count`. */
export function parseChannels(output: string): Omit<Activity, "contacts"> {
  const lines = channelLines(output);
  const counts = Array.from(output.matchAll(/^(\d{1,9}) active (channel|call)s?$/gm));
  // Use the last match, because it comes after all values that callers control.
  const active = (of: string): number =>
    Number(counts.filter(([, , what]) => what === of).at(-1)?.[1] ?? 0);
  // If Asterisk has channels but counts no call, the channels count as one call.
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
 * Parses the output of `sip show peers` (chan_sip) or `database show registrar` (PJSIP). `pjsip show contacts` cannot
 * be used, because it truncates the port. Omits peers with port 0, which are not registered.
 */
export function parseContacts(output: string): Contact[] {
  return output.split("\n").flatMap((line) => {
    const found = registrarContact(line) ?? PEER.exec(line)?.groups;
    const { extension, port } = found ?? {};
    return extension === undefined || Number(port) === 0 ? [] : [{ extension, port: Number(port) }];
  });
}

/**
 * Matches a line of `sip show peers`. A phone controls up to 24 characters after its extension, but not the address and
 * the columns after it. The pattern is therefore anchored at the end of the line.
 */
const PEER =
  /^(?<extension>\d+)(?:[/ ].*)?\s[\d.]+\s+D\s+(?:Yes|No|Auto \((?:Yes|No)\))\s+(?:Yes|No|Auto \((?:Yes|No)\))\s+(?:A\s+)?(?<port>\d+)\s+(?:OK \(\d+ ms\)|LAGGED \(\d+ ms\)|UNREACHABLE|UNKNOWN|Unmonitored)\s*$/;

/**
 * Parses a line of `database show registrar`: a key and a JSON object. The phone controls values of the object, but not
 * the address in `uri`. Asterisk replaces the phone's address with the source address of the connection
 * (`rewrite_contact`).
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

/** Matches the database key of a contact, which has the extension and a hash. */
const REGISTRAR_KEY = /^\/registrar\/contact\/((\d+);@[0-9a-f]+) *: /;
/** Matches a line with a contact: the extension and the JSON object. */
const REGISTRAR = /^\/registrar\/contact\/(\d+);@[0-9a-f]+ *: (\{.*\}) *$/;

/**
 * Returns the database keys of the contacts of `extensions`, from the output of `database show registrar`. The keys do
 * not have the prefix `/registrar/contact/`.
 */
export const registrarKeys = (output: string, extensions: ReadonlySet<string>): string[] =>
  output.split("\n").flatMap((line) => {
    const [, key = "", extension = ""] = REGISTRAR_KEY.exec(line) ?? [];
    return extensions.has(extension) ? [key] : [];
  });

/** Parses the output of `iax2 show peers`. */
export function parseTrunkPeers(output: string): TrunkPeerStatus[] {
  return output.split("\n").flatMap((line) => {
    const name = /^(\w+)(?:\/\w+)?\s.*\s\d+\s+(?:\([TE]\)\s+)*(?=\S)/.exec(line)?.[1];
    if (name === undefined || !/\d+\.\d+\.\d+\.\d+/.test(line)) return [];
    const [, milliseconds] = /\bOK \((\d+) ms\)/.exec(line) ?? [];
    const ok = milliseconds !== undefined;
    return [{ name, ok, latency: ok ? Number(milliseconds) : null }];
  });
}
