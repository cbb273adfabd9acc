import { NodeError } from "../../core/errors";
import { type CfgServer, withServers } from "./change";
import { CONTROLLER } from "../../ssh/access";
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

const BACKEND = "nodes";
/** Columns of `show servers state`, and what stands in them (HAProxy's Management Guide, 9.3). */
const RUNNING = 2;
/** No check was made yet. The result of the last one is not to be had while the next is made. */
const UNCHECKED = 1;
const MAINTENANCE = 0x01 | 0x02 | 0x20;
const DRAIN = 0x08 | 0x10;

const CFG = "--- cfg";

const NO_ANSWER = 3;
const REFUSED = 4;

/**
 * Everything goes through the master's socket: a reload leaves the workers of before it alive for as
 * long as they have connections, and only the master knows them. `@1` is the worker that is current.
 */
const SHELL = `
umask 027
state=/var/lib/haproxy/server-state
# What HAProxy last read: its unit, and whoever reloads it, leave a copy here.
running=/run/haproxy/running.cfg
ask() {
  printf '%s\\n' "$1" | socat -t 60 - UNIX-CONNECT:/run/haproxy/master.sock || exit ${String(NO_ANSWER)}
}
# Gives an order to the current worker, which has nothing to say to it, or what the pattern $2 tells.
order() {
  answer=$(ask "@1 $1") || exit
  case $answer in
  "" | $2) ;;
  *) printf '%s\\n' "$answer" >&2; exit ${String(REFUSED)} ;;
  esac
}
# One change after the other, with what is kept of it: an update works on several zones at a time, and an
# operator may be at work beside it. All that is done meanwhile comes to an end.
alone() {
  exec 9>"$state.lock"
  flock 9 || exit
}
# What is to outlive a reload and a restart. Only root may put the file there, and reads it.
keep() {
  ask '@1 show servers state' >"$state.new" || exit
  grep -q ' ${BACKEND} ' "$state.new" || { echo 'HAProxy does not tell the states of its servers' >&2; exit ${String(REFUSED)}; }
  sync "$state.new"
  mv "$state.new" "$state"
}
# A file for each server that nobody is connected with, and that has been out of the rotation since.
unused=/var/lib/haproxy/unused
`;

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

/**
 * Prints `worker id` of the sessions with the server `zone` in all workers, and `worker id port` with
 * the port that the server sees.
 */
const SESSIONS = `
processes=$(ask 'show proc') || exit
for worker in $(printf '%s\\n' "$processes" | awk '$2 == "worker" {print $1}'); do
  ask "@!$worker show sess all" | awk -v worker="$worker" -v server="server=$zone" '
    /^0x/ { id = substr($1, 1, length($1) - 1); port = "-" }
    $1 == "backend=${BACKEND}" { n = split($NF, address, ":"); port = address[n] }
    $1 == server { print worker, id, port }'
done
`;

/** Prints what `show stat` has of the servers, in all workers. */
const STATISTICS = `
processes=$(ask 'show proc') || exit
for worker in $(printf '%s\\n' "$processes" | awk '$2 == "worker" {print $1}'); do
  ask "@!$worker show stat ${BACKEND} 4 -1"
done
`;

/** The HAProxy of the controller, as it runs. */
export class Haproxy {
  constructor(private readonly controller: Session) {}

  /**
   * What HAProxy runs with, as a `haproxy.cfg`: the one that it has last read, with the servers that it
   * has now. The file in its place may be newer.
   */
  async runningConfig(): Promise<string> {
    const output = await this.run(
      `ask '@1 show servers state ${BACKEND}'\necho '${CFG}'\ncat "$running" 2>/dev/null || true`,
    );
    const [states = "", cfg = ""] = output.split(`${CFG}\n`);
    return withServers(cfg, parseServers(states));
  }

  async servers(): Promise<HaproxyServer[]> {
    return parseServers(await this.run(`ask '@1 show servers state ${BACKEND}'`));
  }

  /** Adds servers, for the time being as draining. One that is there already stays as it is. */
  async add(servers: readonly CfgServer[]): Promise<void> {
    const scripts = servers.map(({ name, address, settings }) => {
      const server = `${BACKEND}/${word(name)}`;
      return `
        answer=$(ask '@1 add server ${server} ${word(address)} ${settingsIn(settings)}') || exit
        case $answer in
        'New server registered.')
          mkdir -p "$unused" && touch "$unused/${name}"
          # In this order it is down until its first check has passed.
          order 'enable health ${server}'
          order 'set server ${server} state drain' ;;
        'Already exists '*) ;;
        *) printf '%s\\n' "$answer" >&2; exit ${String(REFUSED)} ;;
        esac`;
    });
    if (scripts.length > 0) await this.change(scripts.join("\n"));
  }

  /**
   * Removes servers. Meant for those that were drained: who is still connected with one is
   * disconnected.
   */
  async remove(names: readonly string[]): Promise<void> {
    const scripts = names.map(word).map(
      (name) => `
        order 'set server ${BACKEND}/${name} state maint' 'No such server.'
        for attempt in 1 2 3 4 5; do
          order 'shutdown sessions server ${BACKEND}/${name}' 'No such server.'
          answer=$(ask '@1 del server ${BACKEND}/${name}') || exit
          case $answer in
          'Server deleted.' | 'No such server.') break ;;
          *) [ $attempt -lt 5 ] || { printf '%s\\n' "${name}: $answer" >&2; exit ${String(REFUSED)}; } ;;
          esac
          sleep 0.2
        done
        mkdir -p "$unused" && touch "$unused/${name}"`,
    );
    if (scripts.length > 0) await this.change(scripts.join("\n"));
  }

  /** Lets a server have new connections, or none. Holds through a reload and a restart. */
  async setState(name: string, state: AdminState): Promise<void> {
    await this.change(`
      rm -f "$unused/${word(name)}"
      order 'set server ${BACKEND}/${word(name)} state ${state}'`);
  }

  /** Takes note that nobody is connected with a server that is out of the rotation. */
  async markUnused(name: string): Promise<void> {
    await this.run(`mkdir -p "$unused" && touch "$unused/${word(name)}"`);
  }

  /**
   * Whether nobody can be connected with a server that is out of the rotation: it was drained, removed,
   * or added, and has not been in it since.
   */
  async isUnused(name: string): Promise<boolean> {
    return (await this.run(`[ ! -e "$unused/${word(name)}" ] || echo unused`)) !== "";
  }

  /** Lets HAProxy read its file; it goes on with the former one where it does not take that. */
  async reload(): Promise<void> {
    await this.run(`
      alone
      keep
      cp /etc/haproxy/haproxy.cfg "$running.new"
      answer=$(ask reload) || exit
      case $answer in
      Success=1*) mv "$running.new" "$running" ;;
      *) printf '%s\\n' "$answer" | sed -n 's/^\\[ALERT\\][^:]*: //p' >&2; exit ${String(REFUSED)} ;;
      esac`);
  }

  /** How many connections each zone has, those of before a reload among them. */
  async connections(): Promise<ReadonlyMap<string, number>> {
    return parseConnections(await this.run(STATISTICS));
  }

  /** How many connections a zone has had, as far back as any worker remembers. */
  async connectionsEver(zone: string): Promise<number> {
    return parseConnections(await this.run(STATISTICS), "stot").get(zone) ?? 0;
  }

  /** How many connections with a zone there are, those of before a reload among them. */
  async sessions(zone: string): Promise<number> {
    const list = await this.run(`zone=${word(zone)}\n${SESSIONS}`);
    return list.split("\n").filter((line) => line !== "").length;
  }

  /** Closes all connections with a zone, those of before a reload among them. */
  async close(zone: string): Promise<void> {
    await this.run(`
      processes=$(ask 'show proc') || exit
      for worker in $(printf '%s\\n' "$processes" | awk '$2 == "worker" {print $1}'); do
        ask "@!$worker shutdown sessions server ${BACKEND}/${word(zone)}" >/dev/null || exit
      done`);
  }

  /** Changes something about the servers, and keeps it. */
  private async change(script: string): Promise<void> {
    await this.run(`alone\n${script}\nkeep`);
  }

  private async run(script: string): Promise<string> {
    try {
      return await this.controller.run(SHELL + script);
    } catch (error) {
      if (!(error instanceof ScriptFailed)) throw error;
      const { node } = this.controller;
      if (error.exitCode === NO_ANSWER) {
        throw new NodeError(
          node,
          "HAProxy does not answer; see 'journalctl -u haproxy' there, " +
            "let it run ('systemctl restart haproxy') and repeat the command",
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
