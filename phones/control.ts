import type { ChildProcess } from "node:child_process";
import { EventEmitter } from "node:events";
import { hasEnded, start } from "./command";
import { within } from "./deadline";
import { encodeNetstring, NetstringDecoder } from "./netstring";

/** What baresip tells about registrations and calls. */
export interface BaresipEvent {
  readonly type: string;
  readonly class: string;
  readonly direction?: "incoming" | "outgoing";
  readonly id?: string;
  readonly peeruri?: string;
  readonly peerdisplayname?: string;
  readonly param?: string;
  readonly rtcp_stats?: {
    readonly rx: { readonly lost: number; readonly jit: number };
    readonly tx: { readonly lost: number };
  };
}

interface Response {
  readonly ok: boolean;
  readonly data: string;
}

/** A background job of the shell reads /dev/null, unless it is given another descriptor. */
const RELAY = `
exec 3<>"/dev/tcp/127.0.0.1/$1" 4<&0 || exit
cat <&4 >&3 &
exec cat <&3`;

/**
 * A connection to baresip's module `ctrl_tcp`: netstrings of JSON, commands one way, their responses
 * and events the other way. Emits `event` with a {@link BaresipEvent}.
 *
 * The loopback interface of another network namespace cannot be reached from here, so the
 * connection is made by a shell inside it and passed on over the shell's standard streams.
 */
export class Control extends EventEmitter {
  private readonly decoder = new NetstringDecoder();
  private readonly waiting: {
    resolve: (response: Response) => void;
    reject: (error: Error) => void;
  }[] = [];

  private constructor(private readonly relay: ChildProcess) {
    super();
    relay.stdout?.on("data", (bytes: Buffer) => {
      for (const text of this.decoder.push(bytes)) this.receive(text);
    });
    relay.stdin?.on("error", () => undefined);
    relay.once("exit", () => {
      for (const { reject } of this.waiting.splice(0)) reject(new Error("baresip is gone"));
    });
  }

  /** Connects to a baresip that is ready. */
  static connect(namespace: string | null, port: number): Control {
    const argv = ["bash", "-c", RELAY, "relay", String(port)];
    return new Control(start(namespace, argv, { stdio: ["pipe", "pipe", "ignore"] }));
  }

  /** Runs one of baresip's commands and returns what it printed. */
  async command(command: string, params?: string): Promise<string> {
    if (hasEnded(this.relay)) throw new Error("baresip is gone");
    const response = new Promise<Response>((resolve, reject) => {
      this.waiting.push({ resolve, reject });
    });
    // baresip answers in order, so that responses need no token.
    this.relay.stdin?.write(encodeNetstring(JSON.stringify({ command, params })));
    const { ok, data } = await within(10_000, `baresip's command '${command}'`, response);
    // Without `data`: baresip repeats the command there, and the one for an account has a secret.
    if (!ok) throw new Error(`baresip's command '${command}' failed`);
    return data;
  }

  close(): void {
    this.relay.stdin?.end();
    this.relay.kill("SIGKILL");
  }

  private receive(text: string): void {
    const message = JSON.parse(text) as { event?: boolean } & BaresipEvent & Response;
    if (message.event) this.emit("event", message);
    else this.waiting.shift()?.resolve(message);
  }
}
