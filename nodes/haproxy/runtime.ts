import { readFileSync } from "node:fs";
import { join } from "node:path";
import { NodeError } from "../../core/errors";
import { type CfgServer, withServers } from "./change";
import { CONTROLLER } from "../../ssh/access";
import { runProgram } from "../../ssh/program";
import { ScriptFailed, type Session } from "../../ssh/session";

/** What new connections find of a server. `maint` is out of service, its checks included. */
export type AdminState = "ready" | "drain" | "maint";

/** A server of the running HAProxy. */
export interface HaproxyServer {
  readonly name: string;
  /** Address and port. */
  readonly address: string;
  readonly state: AdminState;
  /** Whether its checks succeed. */
  readonly healthy: boolean;
}

const PROGRAM = readFileSync(join(__dirname, "haproxy.sh"), "utf8");
/** Exit codes of the program. */
const NO_ANSWER = 3;
const REFUSED = 4;

/** Columns of `show servers state`, and what stands in them (HAProxy's Management Guide, 9.3). */
const RUNNING = 2;
/** No check was made yet. The result of the last one is not to be had while the next is made. */
const UNCHECKED = 1;
const MAINTENANCE = 0x01 | 0x02 | 0x20;
const DRAIN = 0x08 | 0x10;

/** Line between the servers and the file in the output of `running-config`. */
const CFG = "--- cfg";

/**
 * `text` as it may stand between single quotes in a script, in an order to HAProxy, and in a path: the names
 * and addresses of servers come from HAProxy as well.
 *
 * @throws NodeError if it may not.
 */
function word(text: string): string {
  if (/^[\w:][\w.:-]*$/.test(text)) return text;
  throw new NodeError(CONTROLLER, `'${text}' cannot be the name or the address of a server`);
}

/** What a line of haproxy.cfg says of a server: no quote, and nothing that ends an order. @throws NodeError */
function settingsIn(text: string): string {
  if (/^[^'\\;<\p{Cc}]*$/u.test(text)) return text;
  throw new NodeError(CONTROLLER, `the settings '${text}' of a server cannot be given to HAProxy`);
}

/** The HAProxy of the controller, as it runs. */
export class Haproxy {
  constructor(private readonly controller: Session) {}

  /**
   * What HAProxy runs with, as a `haproxy.cfg`: the one that it has last read, with the servers that it
   * has now. The file in its place may be newer.
   */
  async runningConfig(): Promise<string> {
    const [states = "", cfg = ""] = (await this.run("running-config")).split(`${CFG}\n`);
    return withServers(cfg, parseServers(states));
  }

  /** Returns whether there is a configuration to start with. */
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

  /** Adds servers, draining at first. A server that exists stays as it is. */
  async add(servers: readonly CfgServer[]): Promise<void> {
    if (servers.length === 0) return;
    const words = servers.flatMap(({ name, address, settings }) => [
      ...[word(name), word(address), settingsIn(settings)],
    ]);
    await this.run("add", ...words);
  }

  /** Removes servers that were drained; connections that they still have are closed. */
  async remove(names: readonly string[]): Promise<void> {
    if (names.length > 0) await this.run("remove", ...names.map(word));
  }

  /** Sets whether a server gets new connections. Holds through a reload and a restart. */
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

  /** Makes HAProxy read its file. If HAProxy refuses it, it keeps running with the former file. */
  async reload(): Promise<void> {
    await this.run("reload");
  }

  /** Returns the number of open connections of each zone, in the workers of before a reload as well. */
  async connections(): Promise<ReadonlyMap<string, number>> {
    return parseConnections(await this.run("statistics"));
  }

  /** Returns how many connections a zone has had, as far back as any worker remembers. */
  async connectionsEver(zone: string): Promise<number> {
    return parseConnections(await this.run("statistics"), "stot").get(zone) ?? 0;
  }

  /** Returns the number of open connections of a zone, in the workers of before a reload as well. */
  async sessions(zone: string): Promise<number> {
    const list = await this.run("sessions", word(zone));
    return list.split("\n").filter((line) => line !== "").length;
  }

  /** Closes all connections of a zone, in the workers of before a reload as well. */
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

/** What HAProxy says in another form than its Management Guide has it. */
const notUnderstood = (what: string): NodeError =>
  new NodeError(
    CONTROLLER,
    `HAProxy's '${what}' is not understood; see 'journalctl -u haproxy' there`,
  );

/** @throws NodeError if the column has no number. */
function countOf(what: string, value: string): number {
  if (!/^\d{1,15}$/.test(value)) throw notUnderstood(what);
  return Number(value);
}

/** What `show servers state` prints. @throws NodeError if it prints anything else. */
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
 * What `show stat` of several workers prints, one after the other.
 *
 * @param counter connections that there are (`scur`), or that there were (`stot`).
 * @throws NodeError if they print anything else.
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
