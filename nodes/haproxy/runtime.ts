import { readFileSync } from "node:fs";
import { join } from "node:path";
import { NodeError } from "../../core/errors";
import { type CfgServer, withServers } from "./change";
import { CONTROLLER } from "../../ssh/access";
import { runProgram } from "../../ssh/program";
import { ScriptFailed, type Session } from "../../ssh/session";

/** Whether a server gets new connections. In `maint`, the server gets no connections and no health checks. */
export type AdminState = "ready" | "drain" | "maint";

/** A server of the running HAProxy. */
export interface HaproxyServer {
  readonly name: string;
  /** Address and port. */
  readonly address: string;
  readonly state: AdminState;
  /** Whether the health checks succeed. */
  readonly healthy: boolean;
}

const PROGRAM = readFileSync(join(__dirname, "haproxy.sh"), "utf8");
/** Exit codes of the program. */
const NO_ANSWER = 3;
const REFUSED = 4;

/** Values in the columns of `show servers state` (HAProxy Management Guide, section 9.3). */
const RUNNING = 2;
/** No check has run yet. HAProxy does not show the last result while the next check runs. */
const UNCHECKED = 1;
const MAINTENANCE = 0x01 | 0x02 | 0x20;
const DRAIN = 0x08 | 0x10;

/** Line that separates the servers and the file in the output of `running-config`. */
const CFG = "--- cfg";

/**
 * Returns `text` if it is safe between single quotes in a script, in a HAProxy command, and in a path. Names and
 * addresses of servers also come from HAProxy's output.
 *
 * @throws NodeError if it is not safe.
 */
function word(text: string): string {
  if (/^[\w:][\w.:-]*$/.test(text)) return text;
  throw new NodeError(CONTROLLER, `'${text}' cannot be the name or the address of a server`);
}

/** Returns the settings of a server if they have no quote and nothing that ends a command. @throws NodeError */
function settingsIn(text: string): string {
  if (/^[^'\\;<\p{Cc}]*$/u.test(text)) return text;
  throw new NodeError(CONTROLLER, `the settings '${text}' of a server cannot be given to HAProxy`);
}

/** The running HAProxy of the controller. */
export class Haproxy {
  constructor(private readonly controller: Session) {}

  /**
   * Returns the running configuration as a `haproxy.cfg`: the file that HAProxy last read, with the current
   * servers. The installed file may be newer.
   */
  async runningConfig(): Promise<string> {
    const [states = "", cfg = ""] = (await this.run("running-config")).split(`${CFG}\n`);
    return withServers(cfg, parseServers(states));
  }

  /** Returns whether HAProxy has a configuration file. */
  async hasConfig(): Promise<boolean> {
    return (await this.run("has-config")) !== "";
  }

  /** Starts HAProxy if it does not run. */
  async start(): Promise<void> {
    await this.run("start");
  }

  async servers(): Promise<HaproxyServer[]> {
    return parseServers(await this.run("servers"));
  }

  /** Adds servers in the state `drain`. Does not change a server that exists. */
  async add(servers: readonly CfgServer[]): Promise<void> {
    if (servers.length === 0) return;
    const words = servers.flatMap(({ name, address, settings }) => [
      ...[word(name), word(address), settingsIn(settings)],
    ]);
    await this.run("add", ...words);
  }

  /** Removes drained servers and closes their remaining connections. */
  async remove(names: readonly string[]): Promise<void> {
    if (names.length > 0) await this.run("remove", ...names.map(word));
  }

  /** Sets the state of a server. The state survives a reload and a restart. */
  async setState(name: string, state: AdminState): Promise<void> {
    await this.run("set-state", word(name), state);
  }

  /** Records that a server that is out of the rotation has no connections. */
  async markUnused(name: string): Promise<void> {
    await this.run("mark-unused", word(name));
  }

  /**
   * Returns whether a server is out of the rotation and cannot have connections: it was drained, removed or added,
   * and has not been in the rotation since.
   */
  async isUnused(name: string): Promise<boolean> {
    return (await this.run("is-unused", word(name))) !== "";
  }

  /** Makes HAProxy read its file. If HAProxy rejects the file, HAProxy keeps running with the former file. */
  async reload(): Promise<void> {
    await this.run("reload");
  }

  /** Returns the number of open connections of each zone. Includes those of pre-reload workers. */
  async connections(): Promise<ReadonlyMap<string, number>> {
    return parseConnections(await this.run("statistics"));
  }

  /** Returns the total number of connections of a zone since the start of the oldest worker. */
  async connectionsEver(zone: string): Promise<number> {
    return parseConnections(await this.run("statistics"), "stot").get(zone) ?? 0;
  }

  /** Returns the number of open connections of a zone. Includes those of pre-reload workers. */
  async sessions(zone: string): Promise<number> {
    const list = await this.run("sessions", word(zone));
    return list.split("\n").filter((line) => line !== "").length;
  }

  /** Closes all connections of a zone, including those of pre-reload workers. */
  async close(zone: string): Promise<void> {
    await this.run("close", word(zone));
  }

  private async run(command: string, ...args: readonly string[]): Promise<string> {
    try {
      return await runProgram(this.controller, PROGRAM, [command, ...args]);
    } catch (error) {
      if (!(error instanceof ScriptFailed)) throw error;
      const { node } = this.controller;
      if (error.exitCode === NO_ANSWER) {
        throw new NodeError(
          node,
          "HAProxy does not answer; see 'journalctl -u haproxy' there, " +
            "start it with 'systemctl restart haproxy', and run the same command again",
        );
      }
      if (error.exitCode === REFUSED) {
        const fault = error.stderr.trim().replaceAll("\n", "; ");
        throw new NodeError(node, `HAProxy refuses: ${fault}`);
      }
      throw error;
    }
  }
}

/** Returns the error for output that does not have the format in HAProxy's Management Guide. */
const notUnderstood = (what: string): NodeError =>
  new NodeError(
    CONTROLLER,
    `HAProxy's '${what}' has an unexpected format; see 'journalctl -u haproxy' there`,
  );

/** Parses the number in a column. @throws NodeError if the column has no number. */
function countOf(what: string, value: string): number {
  if (!/^\d{1,15}$/.test(value)) throw notUnderstood(what);
  return Number(value);
}

/** Parses the output of `show servers state`. @throws NodeError if the format is unexpected. */
export function parseServers(output: string): HaproxyServer[] {
  const what = "show servers state";
  const [, header = "", ...rows] = output.split("\n");
  const columns = header.replace(/^# /, "").split(" ");
  return rows
    .filter((row) => row !== "")
    .map((row) => {
      const values = row.split(" ");
      const value = (column: string): string => values[columns.indexOf(column)] ?? "";
      const admin = countOf(what, value("srv_admin_state"));
      return {
        name: word(value("srv_name")),
        address: word(`${value("srv_addr")}:${value("srv_port")}`),
        state: (admin & MAINTENANCE) !== 0 ? "maint" : (admin & DRAIN) !== 0 ? "drain" : "ready",
        healthy:
          countOf(what, value("srv_op_state")) === RUNNING &&
          countOf(what, value("srv_check_status")) > UNCHECKED,
      };
    });
}

/**
 * Parses the output of `show stat` of several workers, one after the other. Adds up their counts.
 *
 * @param counter current connections (`scur`), or all connections so far (`stot`).
 * @throws NodeError if the format is unexpected.
 */
export function parseConnections(
  output: string,
  counter: "scur" | "stot" = "scur",
): ReadonlyMap<string, number> {
  const what = "show stat";
  const found = new Map<string, number>();
  let columns: string[] = [];
  for (const line of output.split("\n").filter((text) => text !== "")) {
    if (line.startsWith("# ")) {
      columns = line.slice(2).split(",");
      continue;
    }
    const values = line.split(",");
    const value = (column: string): string => values[columns.indexOf(column)] ?? "";
    const zone = word(value("svname"));
    found.set(zone, (found.get(zone) ?? 0) + countOf(what, value(counter)));
  }
  return found;
}
