import type { SipDriver } from "../../../core/telephony";
import type { NodeFile } from "../../../templates/node-file";
import type { ImageName } from "./rootfs";
import { TestServer, type ServerOptions, type ServerPlace } from "./server";

/** Record of Asterisk's log. */
export interface LogRecord {
  /** Time in UTC: `2026-01-31 23:59:59.123`. */
  readonly time: string;
  readonly level: string;
  /** Source file of Asterisk. Phones cannot influence this field. */
  readonly source: string;
  readonly message: string;
}

/** Returns the records of a log. Skips lines that are not records: the log's first line, and truncated lines. */
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
  readonly image: Exclude<ImageName, "pbx-controller">;
  readonly sipDriver: SipDriver;
}

/** Call detail record (CDR). */
export interface CallRecord {
  /** Extension of the calling account; empty for a call from another zone. */
  readonly account: string;
  readonly destination: string;
  /** Channel of the caller. */
  readonly channel: string;
  /** Channel that was dialled; empty if no channel was dialled. */
  readonly dialled: string;
}

/** Script in place of asterisk.service: loads the users, and starts Asterisk. */
const START = `
/usr/lib/trunkline/load-users &&
exec /usr/sbin/asterisk -g -f -p -U asterisk -G asterisk`;

/**
 * Script in place of trunkline-report-logins.socket and .service. Creates a FIFO that Asterisk may write to, and keeps
 * the FIFO open. Runs `report-logins` as an unprivileged user, with a copy of the configuration that only that user may
 * read. Restarts `report-logins` whenever it ends, as long as the configuration exists.
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

/** Zone of the exchange: Asterisk from its golden image, with the files that the Pulumi program renders. */
export class TestZone extends TestServer {
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
  ): Promise<TestZone> {
    const options: ServerOptions = {
      ...place,
      image: kind.image,
      files,
      argv: ["sh", "-c", START],
      helpers: [["sh", "-c", REPORT_LOGINS]],
      runtime: { folder: "asterisk", owner: "asterisk:asterisk" },
    };
    return new TestZone(options, await TestServer.prepare(options), kind);
  }

  /** Runs a command on Asterisk's console, and returns the output. */
  async cli(command: string): Promise<string> {
    this.running();
    return this.inside(["/usr/sbin/asterisk", "-rx", command]);
  }

  /** Returns Asterisk's log, which has warnings and errors. */
  log(): Promise<string> {
    return this.read("/var/log/asterisk/messages");
  }

  /** Returns the log records of the last `ms` milliseconds. */
  async logSince(ms: number): Promise<LogRecord[]> {
    const since = new Date(Date.now() - ms).toISOString().replace("T", " ");
    // The time zone of a server is UTC.
    return parseLog(await this.log()).filter(({ time }) => time >= since);
  }

  /** Returns the state of the zone's phones and trunk, and the last lines of the zone's log. */
  async report(): Promise<string> {
    const phones = this.kind.sipDriver === "pjsip" ? "pjsip show contacts" : "sip show peers";
    const tables = [await this.cli(phones), await this.cli("iax2 show peers")];
    const log = (await this.log()).trimEnd().split("\n").slice(-20);
    return [this.name, ...tables, ...log].join("\n");
  }

  /** Returns whether all other zones answer on the trunk. @param count number of other zones. */
  async trunkIsUp(count: number): Promise<boolean> {
    const peers = await this.cli("iax2 show peers");
    const ok = peers.split("\n").filter((line) => /\bOK \(\d+ ms\)/.test(line));
    return ok.length === count;
  }

  /** Returns Asterisk's call detail records of the calls that have ended. */
  async cdrs(): Promise<CallRecord[]> {
    const csv = await this.read("/var/log/asterisk/cdr-csv/Master.csv").catch(() => "");
    const rows = csv.split("\n").filter((line) => line !== "");
    return rows.map((row) => {
      // "accountcode","src","dst","dcontext","clid","channel","dstchannel",…; quotes inside a field are doubled.
      const fields = Array.from(row.matchAll(/"((?:[^"]|"")*)"/g), ([, field = ""]) => field);
      const [account = "", , destination = "", , , channel = "", dialled = ""] = fields;
      return { account, destination, channel, dialled };
    });
  }

  /** Returns the number of call ends that this zone has on the trunk. */
  async trunkCalls(): Promise<number> {
    return Number(/(\d+) active IAX channel/.exec(await this.cli("iax2 show channels"))?.[1]);
  }

  /** Returns the extensions whose phones are registered in this zone. */
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
