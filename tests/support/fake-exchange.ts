import { NodeError } from "../../core/errors";
import type { AdminState } from "../../nodes/haproxy/runtime";
import type { Access, ZoneHost } from "../../ssh/access";
import { Connections } from "../../ssh/connections";
import { AgentRefused, type Session } from "../../ssh/session";

const HEADER = [
  "be_id",
  "be_name",
  "srv_name",
  "srv_addr",
  "srv_port",
  "srv_op_state",
  "srv_admin_state",
  "srv_check_status",
].join(" ");
/** Values of `srv_admin_state` in `show servers state`. */
const ADMIN: Readonly<Record<AdminState, number>> = { ready: 0, maint: 1, drain: 8 };

/** An exchange without nodes. Answers commands for HAProxy, Asterisk and the agents from the state that a test sets. */
export class FakeExchange extends Connections {
  /** State of each zone in HAProxy. */
  readonly servers = new Map<string, AdminState>();
  /** Zones that the controller has recorded as out of the rotation and without connections. */
  readonly unused = new Set<string>();
  /** Zones that have had connections. */
  readonly used = new Set<string>();
  /** Zones that have a call. */
  readonly inCall = new Set<string>();
  /** Nodes that do not answer SSH. */
  readonly unreachable = new Set<string>();
  /** Nodes whose disk is full. */
  readonly full = new Set<string>();
  /** Nodes whose SSH connection is lost whenever files are installed or restored. */
  readonly lost = new Set<string>();
  /** Zones that do not answer SIP. */
  readonly sipDown = new Set<string>();
  /** Zones that no other zone reaches on the trunk. */
  readonly cutTrunks = new Set<string>();
  /** Output of `database show registrar`, by zone. */
  readonly registrar = new Map<string, string>();
  /** Extensions in a call, by zone. */
  readonly busy = new Map<string, string[]>();
  /** Called with a command of the controller's programs and its arguments, before the command takes effect. */
  onControllerCommand: (command: string) => void = () => undefined;
  /** Called with the name of a zone when a command hangs up the calls of the zone. */
  onHangUp: (zone: string) => void = () => undefined;
  /** Called with a command of a zone's programs and its arguments. */
  onZoneCommand: (command: string) => void = () => undefined;

  constructor(zones: readonly string[]) {
    super(() => Promise.reject(new Error("FakeExchange has no SSH connections")));
    for (const zone of zones) this.servers.set(zone, "ready");
  }

  /** Names of the zones in the rotation. */
  get rotation(): string[] {
    return [...this.servers].filter(([, state]) => state === "ready").map(([name]) => name);
  }

  override controller(): Promise<Session> {
    return this.sessionWith("controller", (script) => this.haproxy(commandOf(script)));
  }

  override zone(_access: Access, { name }: ZoneHost): Promise<Session> {
    return this.sessionWith(name, (script) => {
      this.onZoneCommand(commandOf(script).join(" "));
      return "";
    });
  }

  private sessionWith(node: string, run: (script: string) => string): Promise<Session> {
    const reach = (): void => {
      if (this.unreachable.has(node)) throw new NodeError(node, "SSH does not answer");
    };
    const session: Session = {
      node,
      run: async (script) => {
        reach();
        return Promise.resolve(run(script));
      },
      ask: async (request) => {
        reach();
        return Promise.resolve(this.answer(node, request as { do: string }));
      },
      connect: () => Promise.reject(new Error("connect is not supported by FakeExchange")),
    };
    return new Promise((resolve) => {
      reach();
      resolve(session);
    });
  }

  private answer(node: string, request: { do: string; files?: object; orders?: string[] }): object {
    switch (request.do) {
      case "ask":
        return {
          answers: (request.orders ?? []).map((order) => `Asterisk\n${this.console(node, order)}`),
          fault: null,
        };
      case "install":
        if (this.full.has(node)) throw new AgentRefused(node, "its disk is full");
        if (this.lost.has(node)) throw new NodeError(node, "the SSH connection was lost");
        return { changed: Object.keys(request.files ?? {}), invalid: null };
      case "watch":
        return {};
      case "heard":
        return { messages: [] };
      case "restore":
        if (this.lost.has(node)) throw new NodeError(node, "the SSH connection was lost");
        return { changed: [] };
      default:
        throw new Error(`FakeExchange has no answer to ${request.do}`);
    }
  }

  private console(zone: string, order: string): string {
    if (order.includes("iax2 show peers")) {
      return [...this.servers.keys()]
        .map((name) => {
          const status = this.cutTrunks.has(name) ? "UNREACHABLE" : "OK (1 ms)";
          return `${name} 192.168.0.9 (S) 255.255.255.255 4569 (T) (E) ${status}`;
        })
        .join("\n");
    }
    if (order.includes("database show registrar")) return this.registrar.get(zone) ?? "";
    if (order.includes("core show channels concise")) {
      return (this.busy.get(zone) ?? []).map((user) => `PJSIP/${user}-00000001!local`).join("\n");
    }
    if (order.includes("channel request hangup all")) this.onHangUp(zone);
    if (!order.includes("core show channels count")) return "";
    const count = this.inCall.has(zone) ? 2 : 0;
    return `${String(count)} active channels\n${String(count / 2)} active calls\n`;
  }

  private haproxy([command = "", ...args]: readonly string[]): string {
    this.onControllerCommand([command, ...args].join(" "));
    const [name = "", state] = args;
    switch (command) {
      case "add":
        for (let index = 0; index < args.length; index += 3) {
          const added = args[index] ?? "";
          if (!this.servers.has(added)) this.servers.set(added, "drain");
          this.unused.add(added);
        }
        return "";
      case "remove":
        for (const removed of args) {
          this.servers.delete(removed);
          this.unused.add(removed);
        }
        return "";
      case "set-state":
        this.unused.delete(name);
        if (this.servers.has(name)) this.servers.set(name, state as AdminState);
        return "";
      case "mark-unused":
        this.unused.add(name);
        return "";
      case "is-unused":
        return this.unused.has(name) ? "unused\n" : "";
      case "has-config":
        return "yes\n";
      case "statistics":
        return this.statistics();
      case "servers":
        return this.states();
      case "running-config":
        return `${this.states()}--- cfg\n`;
      default:
        return "";
    }
  }

  private states(): string {
    const rows = [...this.servers].map(([name, state]) => {
      const operation = this.sipDown.has(name) || this.unreachable.has(name) ? 0 : 2;
      return `3 nodes ${name} 192.168.0.9 5060 ${String(operation)} ${String(ADMIN[state])} 15`;
    });
    return ["1", `# ${HEADER}`, ...rows, ""].join("\n");
  }
  private statistics(): string {
    const rows = [...this.servers.keys()].map(
      (name) => `${name},0,${this.used.has(name) ? "7" : "0"}`,
    );
    return ["# svname,scur,stot", ...rows, ""].join("\n");
  }
}

/** Returns the command and arguments in a script of `runProgram`; `record-drain` for the script that records drains. */
function commandOf(script: string): string[] {
  if (script.includes("drain.log")) return ["record-drain"];
  const [, words = ""] = /^set -- (.*)\n/.exec(script) ?? [];
  return Array.from(words.matchAll(/'([^']*)'/g), ([, word = ""]) => word);
}
