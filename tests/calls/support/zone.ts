import type { NodeFile } from "../../../templates/node-file";
import type { SipDriver } from "../../../core/telephony";
import type { Image } from "./rootfs";
import { Server, type ServerOptions, type ServerPlace } from "./server";

/** A record of Asterisk's log. */
export interface LogRecord {
  /** `2026-01-31 23:59:59.123`. */
  readonly time: string;
  readonly level: string;
  /** Asterisk's source file, which nothing that phones send decides. */
  readonly source: string;
  readonly message: string;
}

/** The records of a log. A line that is none is one that Asterisk begins its log with, or cut. */
export function parseLog(log: string): LogRecord[] {
  return log.split("\n").flatMap((line) => {
    try {
      const { timestamp, logmsg } = JSON.parse(line) as {
        timestamp: string;
        logmsg: { location: { filename: string }; level: string; message: string };
      };
      const { location, level, message } = logmsg;
      return [{ time: timestamp, level, source: location.filename, message }];
    } catch {
      return [];
    }
  });
}

export interface ZoneKind {
  readonly image: Exclude<Image, "pbx-controller">;
  readonly sipDriver: SipDriver;
}

/** A call detail record. */
export interface CallRecord {
  /** Extension of the account that called; empty for a call of another zone. */
  readonly account: string;
  readonly destination: string;
  /** The caller's channel. */
  readonly channel: string;
  /** The channel that was dialled; empty if there was none. */
  readonly dialled: string;
}

/** What asterisk.service does. */
const START = `
/usr/lib/trunkline/load-users &&
exec /usr/sbin/asterisk -g -f -p -U asterisk -G asterisk`;

/**
 * What trunkline-report-logins.socket and .service do: a FIFO that Asterisk may write to and that stays open, a user
 * without rights, a copy of the configuration for that user alone, and another start after every end.
 */
const REPORT_LOGINS = `
config=/etc/trunkline/report-logins.json
fifo=/run/trunkline/logins
install -d /run/trunkline
[ -e "$fifo" ] || mkfifo -m 0200 "$fifo"
chown asterisk "$fifo"
exec 0<>"$fifo"
install -d -o nobody -g nogroup -m 0700 /run/report-logins
while [ -e "$config" ]; do
  install -o nobody -g nogroup -m 0400 "$config" /run/report-logins/
  setpriv --reuid=nobody --regid=nogroup --clear-groups --no-new-privs --bounding-set=-all \\
    /usr/lib/trunkline/report-logins /run/report-logins/report-logins.json "$config"
  sleep 1
done`;

/** A zone of the exchange: Asterisk from its golden image, with the files the program renders. */
export class Zone extends Server {
  private constructor(
    options: ServerOptions,
    image: string,
    readonly kind: ZoneKind,
  ) {
    super(options, image);
  }

  static async create(
    kind: ZoneKind,
    files: readonly NodeFile[],
    place: ServerPlace,
  ): Promise<Zone> {
    const options: ServerOptions = {
      ...place,
      image: kind.image,
      files,
      argv: ["sh", "-c", START],
      helpers: [["sh", "-c", REPORT_LOGINS]],
      runtime: { folder: "asterisk", owner: "asterisk:asterisk" },
    };
    return new Zone(options, await Server.prepare(options), kind);
  }

  /** Runs a command of Asterisk's console. */
  async cli(command: string): Promise<string> {
    this.running();
    return this.inside(["/usr/sbin/asterisk", "-rx", command]);
  }

  /** What Asterisk complained of. */
  log(): Promise<string> {
    return this.read("/var/log/asterisk/messages");
  }

  /** What it complained of in the last `ms` milliseconds. */
  async logSince(ms: number): Promise<LogRecord[]> {
    const since = new Date(Date.now() - ms).toISOString().replace("T", " ");
    // The time of day of a server whose zone is UTC.
    return parseLog(await this.log()).filter(({ time }) => time >= since);
  }

  /** How things are with its phones and its trunk, and what it said last. */
  async account(): Promise<string> {
    const phones = this.kind.sipDriver === "pjsip" ? "pjsip show contacts" : "sip show peers";
    const tables = [await this.cli(phones), await this.cli("iax2 show peers")];
    const log = (await this.log()).trimEnd().split("\n").slice(-20);
    return [this.name, ...tables, ...log].join("\n");
  }

  /** Whether all other zones, which are `count`, answer on the trunk. */
  async trunkIsUp(count: number): Promise<boolean> {
    const peers = await this.cli("iax2 show peers");
    const ok = peers.split("\n").filter((line) => /\bOK \(\d+ ms\)/.test(line));
    return ok.length === count;
  }

  /** The calls that ended, as Asterisk's call detail records tell. */
  async cdrs(): Promise<CallRecord[]> {
    const csv = await this.read("/var/log/asterisk/cdr-csv/Master.csv").catch(() => "");
    const rows = csv.split("\n").filter((line) => line !== "");
    return rows.map((row) => {
      // "accountcode","src","dst","dcontext","clid","channel","dstchannel",…; a quote inside is doubled.
      const fields = Array.from(row.matchAll(/"((?:[^"]|"")*)"/g), ([, field = ""]) => field);
      const [account = "", , destination = "", , , channel = "", dialled = ""] = fields;
      return { account, destination, channel, dialled };
    });
  }

  /** How many calls on the trunk this zone has an end of. */
  async trunkCalls(): Promise<number> {
    return Number(/(\d+) active IAX channel/.exec(await this.cli("iax2 show channels"))?.[1]);
  }

  /** Extensions whose phones are registered here. */
  async registered(): Promise<string[]> {
    const driver: Record<SipDriver, () => Promise<string[]>> = {
      chan_sip: async () =>
        (await this.cli("sip show peers"))
          .split("\n")
          .filter((line) => /\bD\b.*\bOK \(/.test(line))
          .map((line) => line.split("/")[0] ?? ""),
      pjsip: async () =>
        [...(await this.cli("pjsip show contacts")).matchAll(/Contact:\s+(\d+)\/sip:/g)].map(
          ([, extension = ""]) => extension,
        ),
    };
    return driver[this.kind.sipDriver]();
  }
}
