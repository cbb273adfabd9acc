import { connect as connectTcp } from "node:net";
import type { Duplex } from "node:stream";
import type { Client, ClientChannel } from "ssh2";
import { z } from "zod";
import { NodeError } from "../core/errors";
import { SSH_PORT } from "../core/ports";
import { retry } from "../core/retry";
import { type Access, CONTROLLER, type ZoneHost } from "./access";
import { Agent, AGENT_COMMAND, AgentFault, InvalidAnswer } from "./agent";
import { AgentRefused, askAgent, ScriptFailed, type Session } from "./session";

export type Dial = (host: string, port: number) => Promise<Duplex>;

/** User for all log-ins. The nodes accept only the stack's own key for this user. Operators log in as `debian`. */
const USER = "root";

/** Milliseconds to wait for a TCP connection. */
const DIAL_TIMEOUT = 10_000;
/** Milliseconds to wait for the SSH handshake, which is slow on a busy emulated processor. */
const HANDSHAKE_TIMEOUT = 60_000;
/** Milliseconds between two keepalive messages. */
const KEEPALIVE_INTERVAL = 10_000;
/** Milliseconds between two attempts to log in. */
const RETRY = 500;

/** Timeouts for log-ins to a node, in milliseconds. */
export const TIMEOUTS = {
  /** For a new server, which has to boot first. */
  boot: 10 * 60_000,
  /** For a running server, which may be restarting. */
  change: 60_000,
  /** Short timeout, mainly for read-only requests. */
  read: 15_000,
} as const;

/** Error of a log-in that a retry cannot correct. */
class Refused extends NodeError {}

const dialTcp: Dial = (host, port) =>
  new Promise((resolve, reject) => {
    const socket = connectTcp({ host, port, timeout: DIAL_TIMEOUT });
    const fail = (error: Error): void => {
      socket.destroy();
      reject(error);
    };
    socket.once("error", fail);
    socket.once("timeout", () => {
      fail(new Error("timed out"));
    });
    socket.once("connect", () => {
      socket.off("error", fail);
      socket.setTimeout(0);
      socket.setNoDelay(true);
      resolve(socket);
    });
  });

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: "connection refused",
  EHOSTUNREACH: "no route to host",
  ENETUNREACH: "no route to host",
  ETIMEDOUT: "timed out",
};

const reasonOf = (error: unknown): string => {
  const { code = "", message } = error as NodeJS.ErrnoException;
  return REASONS[code] ?? message.replace(/^\(SSH\) /, "");
};

const runSchema = z.object({ exitCode: z.int(), stdout: z.string(), stderr: z.string() });

class SshSession implements Session {
  private agent: Promise<Agent> | null = null;

  constructor(
    readonly node: string,
    private readonly client: Client,
  ) {}

  async run(script: string, input: Buffer | string = ""): Promise<string> {
    const request = { do: "run", script, input: Buffer.from(input as string).toString("base64") };
    const { exitCode, stdout, stderr } = await askAgent(this, request, runSchema);
    const [output = "", errorOutput = ""] = [stdout, stderr].map((text) =>
      Buffer.from(text, "base64").toString(),
    );
    if (exitCode !== 0) throw new ScriptFailed(this.node, exitCode, output, errorOutput);
    return output;
  }

  async ask(request: object): Promise<unknown> {
    // Start the agent at the first request. A controller that only forwards connections needs no agent.
    this.agent ??= this.startAgent().catch((error: unknown) => {
      this.agent = null; // the next request makes another attempt
      throw error;
    });
    const agent = await this.agent;
    try {
      return await agent.ask(request);
    } catch (error) {
      if (error instanceof AgentFault) {
        throw new AgentRefused(this.node, error.message, error.notRestored);
      }
      if (error instanceof InvalidAnswer) {
        throw new NodeError(
          this.node,
          `${error.message}; make sure that root's shell prints nothing at log-in ` +
            "(/root/.bashrc, /etc/bash.bashrc), and run the same command again",
        );
      }
      throw new NodeError(this.node, "the SSH connection was lost; run the same command again");
    }
  }

  async connect(address: string, port: number): Promise<Duplex> {
    try {
      return await new Promise<ClientChannel>((resolve, reject) => {
        const timer = setTimeout(() => {
          reject(new Error("timed out"));
        }, DIAL_TIMEOUT);
        this.client.forwardOut("127.0.0.1", 0, address, port, (error, channel) => {
          clearTimeout(timer);
          if (error !== undefined) {
            reject(error);
            return;
          }
          // If the other side ends the connection, close the channel in both directions. Otherwise an SSH connection
          // over the half-open channel would seem to work until the keepalive messages fail.
          channel.once("end", () => channel.destroy());
          resolve(channel);
        });
      });
    } catch (error) {
      throw new NodeError(
        this.node,
        `no connection to ${address}:${String(port)} (${reasonOf(error)})`,
      );
    }
  }

  end(): void {
    this.client.end();
  }

  private startAgent(): Promise<Agent> {
    return new Promise((resolve, reject) => {
      const lost = (why: string): void => {
        reject(new NodeError(this.node, `cannot start the agent over SSH (${why})`));
      };
      try {
        this.client.exec(`exec ${AGENT_COMMAND}`, (error, channel) => {
          if (error !== undefined) {
            lost(reasonOf(error));
            return;
          }
          channel.stderr.resume();
          const agent = new Agent(channel, channel);
          this.client.once("close", () => {
            agent.end();
          });
          // If the agent ends, close the connection. The next session then has a new connection and a new agent.
          channel.once("close", () => this.client.end());
          resolve(agent);
        });
      } catch {
        lost("the connection is closed"); // ssh2 throws an error if the connection is closed
      }
    });
  }
}

interface Target {
  readonly node: string;
  readonly address: string;
  readonly hostKey: string;
  readonly privateKey: string;
  readonly dial: Dial;
  /** Advice for the error message if the node does not answer. */
  readonly remedy: string;
}

/** Logs in, without retries. @throws Refused if a retry is useless; another NodeError if a retry may succeed. */
async function logIn(target: Target): Promise<Client> {
  const { node, address, hostKey, privateKey, dial, remedy } = target;
  // Load ssh2 only if a connection is needed. A preview without a refresh needs none.
  const { Client: SshClient } = await import("ssh2");
  let sock: Duplex;
  try {
    sock = await dial(address, SSH_PORT);
  } catch (error) {
    throw new NodeError(node, `SSH at ${address} does not answer (${reasonOf(error)}); ${remedy}`);
  }
  const [, expected = ""] = hostKey.split(" ");
  let isWrongHostKey = false;
  const client = new SshClient();
  return new Promise((resolve, reject) => {
    client.once("ready", () => {
      client.off("error", fail);
      client.on("error", () => undefined); // the "close" event follows; then pending requests fail
      resolve(client);
    });
    const fail = (error: Error & { level?: string }): void => {
      client.end();
      sock.destroy();
      if (isWrongHostKey) {
        reject(
          new Refused(
            node,
            `the host key at ${address} is not the one that this stack gave the server. ` +
              "No command was sent. If pbx:masterSecret was changed, restore the previous value; " +
              "if the server was replaced outside of Pulumi, run pulumi refresh",
          ),
        );
      } else if (error.level === "client-authentication") {
        reject(
          new Refused(
            node,
            "authentication with the key of this stack failed. " +
              "If pbx:masterSecret was changed, restore the previous value",
          ),
        );
      } else {
        reject(new NodeError(node, `SSH at ${address} fails (${reasonOf(error)}); ${remedy}`));
      }
    };
    client.on("error", fail);
    client.once("close", () => {
      fail(new Error("the connection was closed"));
    });
    client.connect({
      sock,
      username: USER,
      privateKey,
      readyTimeout: HANDSHAKE_TIMEOUT,
      keepaliveInterval: KEEPALIVE_INTERVAL,
      keepaliveCountMax: 6,
      hostVerifier: (key: Buffer) => {
        isWrongHostKey = key.toString("base64") !== expected;
        return !isWrongHostKey;
      },
      algorithms: { serverHostKey: ["ssh-ed25519"] },
    });
  });
}

/**
 * SSH connections to nodes. A connection is opened when it is first needed, and is then shared. Connections to zones go
 * through the controller.
 */
export class Connections {
  private readonly open = new Map<string, { node: string; session: Promise<SshSession> }>();
  private signal: AbortSignal | undefined;

  /** @param dial opens TCP connections to the controller. */
  constructor(private readonly dial: Dial = dialTcp) {}

  /**
   * Returns the session with the controller.
   *
   * @param timeout milliseconds after which a failed log-in is not retried.
   * @throws NodeError if the log-in fails. The message has a remedy.
   */
  controller(access: Access, timeout: number): Promise<Session> {
    const { controllerAddress, controllerHostKey, privateKey } = access;
    return this.retried(timeout, () =>
      this.session({
        node: CONTROLLER,
        address: controllerAddress,
        hostKey: controllerHostKey,
        privateKey,
        dial: this.dial,
        remedy:
          "make sure that the server runs and that the network of this machine is in pbx:operatorCidrs",
      }),
    );
  }

  /**
   * Returns the session with a zone.
   *
   * @param timeout milliseconds after which a failed log-in is not retried.
   * @throws NodeError if the log-in to the zone or to the controller fails. The message has a remedy.
   */
  zone(access: Access, zone: ZoneHost, timeout: number): Promise<Session> {
    return this.retried(timeout, async () => {
      const jump = await this.controller(access, 0);
      return this.session({
        node: zone.name,
        address: zone.fixedIp,
        hostKey: zone.sshHostKey,
        privateKey: access.privateKey,
        dial: (host, port) => jump.connect(host, port),
        remedy: "make sure that the server runs (openstack console log show)",
      });
    });
  }

  /** Stops retrying log-ins when `signal` is aborted. */
  cancelOn(signal: AbortSignal): void {
    this.signal = signal;
  }

  /**
   * Closes the connections to a node whose server is about to be deleted. The next server of the node has the same host
   * key and address, so a later session would otherwise use a connection to the deleted server.
   */
  disconnect(node: string): void {
    // All connections to zones go through the controller, so they end as well.
    if (node === CONTROLLER) {
      this.close();
      return;
    }
    for (const [key, { node: name, session }] of this.open) {
      if (name === node) this.drop(key, session);
    }
  }

  close(): void {
    for (const [key, { session }] of this.open) this.drop(key, session);
  }

  private drop(key: string, session: Promise<SshSession>): void {
    this.open.delete(key);
    void session.then(
      (opened) => {
        opened.end();
      },
      () => undefined, // the log-in failed, so there is no connection to close
    );
  }

  private session(target: Target): Promise<Session> {
    const key = [target.node, target.address, target.hostKey, target.privateKey].join("\n");
    const known = this.open.get(key);
    if (known !== undefined) return known.session;
    const forget = (): void => {
      if (this.open.get(key) === entry) this.open.delete(key);
    };
    const session = logIn(target).then((client) => {
      client.once("close", forget);
      return new SshSession(target.node, client);
    });
    const entry = { node: target.node, session };
    session.catch(forget);
    this.open.set(key, entry);
    return session;
  }

  private retried(timeout: number, attempt: () => Promise<Session>): Promise<Session> {
    const isTransient = (error: unknown): boolean => !(error instanceof Refused);
    return retry(attempt, { timeout, pause: RETRY, isTransient, signal: this.signal });
  }
}
