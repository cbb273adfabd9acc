import { connect as connectTcp } from "node:net";
import type { Duplex } from "node:stream";
import type { Client, ClientChannel } from "ssh2";
import { z } from "zod";
import { NodeError } from "../core/errors";
import { Agent, AGENT_COMMAND, AgentFault, NotAnAnswer } from "./agent";
import { retry } from "../core/retry";
import { type Access, CONTROLLER, type ZoneHost } from "./access";
import { AgentRefused, askAgent, ScriptFailed, type Session } from "./session";

/** Makes a TCP connection from this machine. */
export type Dial = (host: string, port: number) => Promise<Duplex>;

const PORT = 22;
/** Lets the stack's own key in, and no other. The operator's is that of `debian`. */
const USER = "root";

/** In milliseconds. An emulated processor that is busy takes its time over a key exchange. */
const DIAL_TIMEOUT = 10_000;
const HANDSHAKE_TIMEOUT = 60_000;
const KEEPALIVE_INTERVAL = 10_000;
const RETRY = 500;

/** How long a node may take to let anybody in, in milliseconds. */
export const TIMEOUTS = {
  /** It has only just been made, and has yet to boot. */
  boot: 10 * 60_000,
  /** It ought to be there: it may be restarting. */
  change: 60_000,
  /** Somebody only wants to know. */
  look: 15_000,
} as const;

/** Waiting longer does not help. */
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

const WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: "connection refused",
  EHOSTUNREACH: "no route to it",
  ENETUNREACH: "no route to it",
  ETIMEDOUT: "timed out",
};

/** What of a fault a person wants to read. */
const wordsOf = (error: unknown): string => {
  const { code = "", message } = error as NodeJS.ErrnoException;
  return WORDS[code] ?? message.replace(/^\(SSH\) /, "");
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
    const [output = "", complaints = ""] = [stdout, stderr].map((text) =>
      Buffer.from(text, "base64").toString(),
    );
    if (exitCode !== 0) throw new ScriptFailed(this.node, exitCode, output, complaints);
    return output;
  }

  async ask(request: object): Promise<unknown> {
    // Started by the first request: a controller that only passes connections on needs none.
    this.agent ??= this.startAgent().catch((error: unknown) => {
      this.agent = null; // the next request may have better luck
      throw error;
    });
    const agent = await this.agent;
    try {
      return await agent.ask(request);
    } catch (error) {
      if (error instanceof AgentFault) {
        throw new AgentRefused(this.node, error.message, error.renewed);
      }
      if (error instanceof NotAnAnswer) {
        throw new NodeError(
          this.node,
          `${error.message}; see that root's shell prints nothing at a log-in (/root/.bashrc, ` +
            "/etc/bash.bashrc), and run the same command again",
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
          // Half open, it would be taken for alive until its keep-alive says otherwise.
          channel.once("end", () => channel.destroy());
          resolve(channel);
        });
      });
    } catch (error) {
      throw new NodeError(
        this.node,
        `no connection to ${address}:${String(port)} (${wordsOf(error)})`,
      );
    }
  }

  end(): void {
    this.client.end();
  }

  private startAgent(): Promise<Agent> {
    return new Promise((resolve, reject) => {
      const lost = (why: string): void => {
        reject(new NodeError(this.node, `no command can be run (${why})`));
      };
      try {
        this.client.exec(`exec ${AGENT_COMMAND}`, (error, channel) => {
          if (error !== undefined) {
            lost(wordsOf(error));
            return;
          }
          channel.stderr.resume();
          const agent = new Agent(channel, channel);
          this.client.once("close", () => {
            agent.end();
          });
          // Without it the connection is of no use, and a new one has a new agent.
          channel.once("close", () => this.client.end());
          resolve(agent);
        });
      } catch {
        lost("the connection is gone"); // ssh2 throws when it knows that
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
  /** What to say when nobody answers. */
  readonly remedy: string;
}

/** Logs in, once. @throws Refused, or NodeError when a later attempt may have better luck. */
async function logIn(target: Target): Promise<Client> {
  const { node, address, hostKey, privateKey, dial, remedy } = target;
  // Loaded by the first connection: a preview makes none.
  const { Client: SshClient } = await import("ssh2");
  let sock: Duplex;
  try {
    sock = await dial(address, PORT);
  } catch (error) {
    throw new NodeError(node, `SSH at ${address} does not answer (${wordsOf(error)}); ${remedy}`);
  }
  const [, expected = ""] = hostKey.split(" ");
  let isImpostor = false;
  const client = new SshClient();
  return new Promise((resolve, reject) => {
    client.once("ready", () => {
      client.off("error", fail);
      client.on("error", () => undefined); // "close" follows, and whoever waits hears of that
      resolve(client);
    });
    const fail = (error: Error & { level?: string }): void => {
      client.end();
      sock.destroy();
      if (isImpostor) {
        reject(
          new Refused(
            node,
            `whoever answers at ${address} has another host key than this stack gave the server. ` +
              "Nothing was sent. If pbx:masterSecret was changed, set the former one again; " +
              "if the server was replaced outside of Pulumi, run pulumi refresh",
          ),
        );
      } else if (error.level === "client-authentication") {
        reject(
          new Refused(
            node,
            "it does not accept the key of this stack. If pbx:masterSecret was changed, set the former one again",
          ),
        );
      } else {
        reject(new NodeError(node, `SSH at ${address} fails (${wordsOf(error)}); ${remedy}`));
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
        isImpostor = key.toString("base64") !== expected;
        return !isImpostor;
      },
      algorithms: { serverHostKey: ["ssh-ed25519"] },
    });
  });
}

/**
 * The connections of one run of Pulumi: one to each node, made when it is first needed. Zones are
 * reached by way of the controller.
 */
export class Connections {
  private readonly open = new Map<string, { node: string; session: Promise<SshSession> }>();
  private signal: AbortSignal | undefined;

  /** @param dial makes the connections to the controller. */
  constructor(private readonly dial: Dial = dialTcp) {}

  /** @throws NodeError naming the node and the remedy, when it does not let us in in time. */
  controller(access: Access, patience: number): Promise<Session> {
    const { controllerAddress, controllerHostKey, privateKey } = access;
    return this.retried(patience, () =>
      this.session({
        node: CONTROLLER,
        address: controllerAddress,
        hostKey: controllerHostKey,
        privateKey,
        dial: this.dial,
        remedy:
          "see that the server runs, and that the network of this machine is in pbx:operatorCidrs",
      }),
    );
  }

  /** @throws NodeError naming the node and the remedy, when it does not let us in in time. */
  zone(access: Access, zone: ZoneHost, patience: number): Promise<Session> {
    return this.retried(patience, async () => {
      const jump = await this.controller(access, 0);
      return this.session({
        node: zone.name,
        address: zone.fixedIp,
        hostKey: zone.sshHostKey,
        privateKey: access.privateKey,
        dial: (host, port) => jump.connect(host, port),
        remedy: "see that the server runs (openstack console log show)",
      });
    });
  }

  /** Waits for nobody any more once `signal` says so. */
  cancelOn(signal: AbortSignal): void {
    this.signal = signal;
  }

  /** The server is about to go: its successor answers with the same key at the same address. */
  leave(node: string): void {
    // Without the controller there is no way to any zone.
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
      () => undefined, // it was never open
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
