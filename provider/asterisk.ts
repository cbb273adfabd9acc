import { setTimeout as sleep } from "node:timers/promises";
import { asterisk, NotRunning } from "./asterisk-console";
import type { Session } from "./session";

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
export interface TrunkPeer {
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
export async function trunkPeersOf(zone: Session): Promise<TrunkPeer[]> {
  try {
    const [peers = ""] = await asterisk(zone, ["iax2 show peers"]);
    return parseTrunkPeers(peers);
  } catch (error) {
    if (!(error instanceof NotRunning)) throw error;
    return [];
  }
}

/** Connections that are named in one order: the kernel takes no filter of any length. */
const AT_ONCE = 20;

/**
 * Disconnects phones from a zone, as if their network had: HAProxy tells them by ending their
 * connections. Done by the zone's kernel, which knows a connection by its ports. HAProxy knows it by
 * an address in its memory, which may be that of another phone's by the time it is named.
 *
 * @param ports of the controller, each a phone's.
 */
export async function disconnect(zone: Session, ports: readonly number[] | "all"): Promise<void> {
  const filters =
    ports === "all"
      ? [""]
      : Array.from({ length: Math.ceil(ports.length / AT_ONCE) }, (_, chunk) => {
          const named = ports.slice(chunk * AT_ONCE, (chunk + 1) * AT_ONCE);
          return ` and ( ${named.map((port) => `dport = :${String(port)}`).join(" or ")} )`;
        });
  await zone.run(
    filters
      .map((filter) => `ss -t -n --kill state established 'sport = :5060${filter}' >/dev/null 2>&1`)
      .join(" && "),
  );
}

/** Ends all calls of a zone, gives them a moment to be gone, and tells how many are not. */
export async function hangUpAll(zone: Session): Promise<number> {
  const end = Date.now() + HANG_UP_DEADLINE;
  try {
    await asterisk(zone, ["channel request hangup all"]);
    for (;;) {
      const [count = ""] = await asterisk(zone, ["core show channels count"]);
      const { calls } = parseChannels(count);
      if (calls === 0 || Date.now() >= end) return calls;
      await sleep(HANG_UP_INTERVAL);
    }
  } catch (error) {
    if (!(error instanceof NotRunning)) throw error;
    return 0;
  }
}

/** What `core show channels concise` and `core show channels count` print, one after the other. */
export function parseChannels(output: string): Omit<Activity, "contacts"> {
  const lines = output.split("\n");
  const names = lines.filter((line) => line.includes("!")).map((line) => line.split("!")[0] ?? "");
  const active = (of: string): number =>
    Number(new RegExp(`^(\\d+) active ${of}s?$`, "m").exec(output)?.[1] ?? 0);
  // What a call leaves behind when its caller hangs up last is a channel without a call.
  const channels = Math.max(names.length, active("channel"));
  return {
    calls: Math.max(active("call"), channels > 0 ? 1 : 0),
    channels,
    busy: new Set(
      names.flatMap((name) => {
        const extension = /^(?:PJ)?SIP\/(\d+)-/.exec(name)?.[1];
        return extension === undefined ? [] : [extension];
      }),
    ),
  };
}

/**
 * What `sip show peers`, or `database show registrar` of PJSIP, prints. (`pjsip show contacts` cuts
 * the port off.) A peer that is registered no more has port 0.
 */
export function parseContacts(output: string): Contact[] {
  return output.split("\n").flatMap((line) => {
    const [, extension, port] =
      /^\/registrar\/contact\/(\d+);@.*"uri":"sip:[^"]*?@[\d.]+:(\d+)/.exec(line) ??
      /^(\d+)(?:\/\S*)?\s+[\d.]+\s+D\s.*?\s([1-9]\d*)\s/.exec(line) ??
      [];
    return extension === undefined ? [] : [{ extension, port: Number(port) }];
  });
}

/** What `iax2 show peers` prints. */
export function parseTrunkPeers(output: string): TrunkPeer[] {
  return output.split("\n").flatMap((line) => {
    const name = /^(\w+)(?:\/\w+)?\s.*\s\d+\s+(?:\([TE]\)\s+)*(?=\S)/.exec(line)?.[1];
    if (name === undefined || !/\d+\.\d+\.\d+\.\d+/.test(line)) return [];
    const [, milliseconds] = /\bOK \((\d+) ms\)/.exec(line) ?? [];
    const ok = milliseconds !== undefined;
    return [{ name, ok, latency: ok ? Number(milliseconds) : null }];
  });
}
