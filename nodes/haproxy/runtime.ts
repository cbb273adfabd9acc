import { readFileSync } from "node:fs";
import { join } from "node:path";
import { NodeError } from "../../core/errors";
import { CONTROLLER } from "../../ssh/access";
import { runProgram } from "../../ssh/program";
import { ScriptFailed, type Session } from "../../ssh/session";
import { type CfgServer, withServers } from "./change";

/**
 * Administrative state of a server. `ready`: the server gets new connections while it is healthy. `drain`: the server
 * gets no new connections, but HAProxy still checks its health. `maint`: no new connections and no health checks.
 */
export type AdminState = "ready" | "drain" | "maint";

/** A server of the running HAProxy. */
export interface HaproxyServer {
  readonly name: string;
  /** `address:port`. */
  readonly address: string;
  readonly state: AdminState;
  /** Whether the health checks succeed. False before the first check is done. */
  readonly healthy: boolean;
}

const PROGRAM = readFileSync(join(__dirname, "haproxy.sh"), "utf8");
/** Exit code of haproxy.sh if HAProxy does not answer. */
const NO_ANSWER = 3;
/** Exit code of haproxy.sh if HAProxy refuses the command. */
const REFUSED = 4;

/** Value of `srv_op_state` of a server that is up (HAProxy Management Guide, section 9.3, `show servers state`). */
const RUNNING = 2;
/**
 * Highest value of `srv_check_status` before the first health check is done. `srv_check_result` cannot be used instead,
 * because HAProxy resets it when a check begins.
 */
const UNCHECKED = 1;
/** Bits of `srv_admin_state` of which each means the state `maint`. */
const MAINTENANCE = 0x01 | 0x02 | 0x20;
/** Bits of `srv_admin_state` of which each means the state `drain`, if no bit for `maint` is set. */
const DRAIN = 0x08 | 0x10;

/** Line of the output of `running-config` that separates the servers from the file. */
const CFG = "--- cfg";

/**
 * Returns `text`, the name or the address of a server, if `text` is safe in a HAProxy command and in a path. Names and
 * addresses in HAProxy's output are checked as well.
 *
 * @throws NodeError if `text` is not safe.
 */
function word(text: string): string {
  if (/^[\w:][\w.:-]*$/.test(text)) return text;
  throw new NodeError(CONTROLLER, `'${text}' cannot be the name or the address of a server`);
}

/**
 * Returns `text`, the settings of a server, if it is safe in a HAProxy command.
 *
 * @throws NodeError if `text` has a single quote, a backslash, `;`, `<` or a control character.
 */
function settingsIn(text: string): string {
  if (/^[^'\\;<\p{Cc}]*$/u.test(text)) return text;
  throw new NodeError(CONTROLLER, `the settings '${text}' of a server cannot be given to HAProxy`);
}

/**
 * The HAProxy of the controller. All methods throw a NodeError if they fail. A *pre-reload worker* is a process of
 * HAProxy from before a reload. It lives as long as it has connections.
 */
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

  /** Returns whether haproxy.cfg exists on the controller. */
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

  /** Adds servers in the state `drain`. Does not change servers that exist already. */
  async add(servers: readonly CfgServer[]): Promise<void> {
    if (servers.length === 0) return;
    const words = servers.flatMap(({ name, address, settings }) => [
      word(name),
      word(address),
      settingsIn(settings),
    ]);
    await this.run("add", ...words);
  }

  /** Removes servers and closes their connections, except the connections of pre-reload workers. */
  async remove(names: readonly string[]): Promise<void> {
    if (names.length > 0) await this.run("remove", ...names.map(word));
  }

  /** Sets the state of a server. The state survives a reload and a restart. */
  async setState(name: string, state: AdminState): Promise<void> {
    await this.run("set-state", word(name), state);
  }

  /** Records that a server is out of the rotation and has no connections. {@link setState} deletes this record. */
  async markUnused(name: string): Promise<void> {
    await this.run("mark-unused", word(name));
  }

  /**
   * Returns whether it is recorded that a server is out of the rotation and has no connections. {@link add},
   * {@link remove} and {@link markUnused} record this. {@link setState} deletes the record.
   */
  async isUnused(name: string): Promise<boolean> {
    return (await this.run("is-unused", word(name))) !== "";
  }

  /** Makes HAProxy read haproxy.cfg. If HAProxy rejects the file, HAProxy keeps running with the former file. */
  async reload(): Promise<void> {
    await this.run("reload");
  }

  /** Returns the number of open connections of each zone, by name. Includes connections of pre-reload workers. */
  async connections(): Promise<ReadonlyMap<string, number>> {
    return parseConnections(await this.run("statistics"));
  }

  /**
   * Returns the number of connections that a zone has had in the workers that still run. Includes closed connections.
   */
  async connectionsEver(zone: string): Promise<number> {
    return parseConnections(await this.run("statistics"), "stot").get(zone) ?? 0;
  }

  /** Returns the number of open connections of a zone. Includes connections of pre-reload workers. */
  async sessions(zone: string): Promise<number> {
    const list = await this.run("sessions", word(zone));
    return list.split("\n").filter((line) => line !== "").length;
  }

  /** Closes all connections of a zone, including connections of pre-reload workers. */
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
          "HAProxy does not answer; see 'journalctl -u haproxy' on the node, " +
            "start it with 'systemctl restart haproxy', and run the same command again",
        );
      }
      if (error.exitCode === REFUSED) {
        const fault = error.stderr.trim().replaceAll("\n", "; ");
        throw new NodeError(node, `HAProxy refuses the command: ${fault}`);
      }
      throw error;
    }
  }
}

const notUnderstood = (what: string): NodeError =>
  new NodeError(
    CONTROLLER,
    `HAProxy's '${what}' has an unexpected format; see 'journalctl -u haproxy' on the node`,
  );

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
 * Parses the concatenated output of `show stat` of several workers. Returns the total of each server, by name.
 *
 * @param counter column to add up: current connections (`scur`), or all connections so far (`stot`).
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
