import { NodeError, ScriptFailed, type Session } from "./session";

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

/** Seconds. An Asterisk that lives answers at once, also under load. */
const PATIENCE = 20;
const FAILED = 3;
const NOT_RUNNING = 4;

const SHELL = `
# SIGKILL, since the console does not end by SIGTERM while it waits for an answer.
rx() {
  answer=$(timeout -s KILL ${String(PATIENCE)} asterisk -rx "$1" 2>&1) && { printf '%s\\n' "$answer"; return; }
  code=$?
  case $answer in
  *'Unable to connect'*) exit ${String(NOT_RUNNING)} ;;
  esac
  [ $code -ne 137 ] || answer='it runs, and does not answer'
  printf '%s\\n' "$answer" >&2
  exit ${String(FAILED)}
}
`;

const CHANNELS = "--- channels";

/** Prints what {@link parseContacts} reads. */
export const CONTACTS = `
if grep -q '"sipDriver":"chan_sip"' /etc/trunkline/node.json; then
  peers=$(rx 'sip show peers') || exit
  # Most users of a long list have no phone here.
  printf '%s\\n' "$peers" | grep -v '(Unspecified)'
else
  rx 'database show registrar'
fi`;

/**
 * Runs a script in which `rx` does a command of Asterisk's console. Gives null when no Asterisk runs.
 *
 * @throws NodeError when Asterisk does not answer.
 */
export async function askAsterisk(zone: Session, script: string): Promise<string | null> {
  try {
    return await zone.run(SHELL + script);
  } catch (error) {
    if (!(error instanceof ScriptFailed)) throw error;
    if (error.exitCode === NOT_RUNNING) return null;
    if (error.exitCode !== FAILED) throw error;
    const fault = error.stderr.trim();
    throw new NodeError(
      zone.node,
      `Asterisk does not do as told: ${fault}; see /var/log/asterisk/messages there`,
    );
  }
}

/** Looks at a zone's calls and phones. An Asterisk that does not run has none. */
export async function activityOf(zone: Session): Promise<Activity> {
  const output = await askAsterisk(
    zone,
    // Calls last: a phone that was idle a moment ago may have one now.
    `${CONTACTS}
     echo '${CHANNELS}'
     rx 'core show channels concise'
     rx 'core show channels count'`,
  );
  const [contacts = "", channels = ""] = (output ?? "").split(`${CHANNELS}\n`);
  return { ...parseChannels(channels), contacts: parseContacts(contacts) };
}

/** How the trunk of a zone is, seen from there. */
export async function trunkPeersOf(zone: Session): Promise<TrunkPeer[]> {
  return parseTrunkPeers((await askAsterisk(zone, "rx 'iax2 show peers'")) ?? "");
}

/** Resolves when Asterisk has loaded everything. @throws NodeError when it has not in `seconds`. */
export async function untilAsteriskServes(zone: Session, seconds: number): Promise<void> {
  const script = `
    end=$(( $(date +%s) + ${String(seconds)} ))
    until timeout -s KILL ${String(seconds)} asterisk -rx 'core waitfullybooted' 2>/dev/null | grep -q 'fully booted'; do
      [ $(date +%s) -lt $end ] || exit ${String(FAILED)}
      sleep 0.2
    done`;
  try {
    await zone.run(script);
  } catch (error) {
    if (!(error instanceof ScriptFailed && error.exitCode === FAILED)) throw error;
    throw new NodeError(
      zone.node,
      `Asterisk has not started in ${String(seconds)} s; see 'journalctl -u asterisk' ` +
        "and /var/log/asterisk/messages there",
    );
  }
}

/** Ends all calls of a zone, and gives them five seconds to be gone. */
export async function hangUpAll(zone: Session): Promise<void> {
  await askAsterisk(
    zone,
    `rx 'channel request hangup all' >/dev/null
     for attempt in $(seq 25); do
       count=$(rx 'core show channels count') || exit
       case $count in '0 active channels'*) exit ;; esac
       sleep 0.2
     done`,
  );
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
