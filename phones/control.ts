import type { ChildProcess } from "node:child_process";
import { EventEmitter } from "node:events";
import { hasEnded, start } from "./child-process";
import { encodeNetstring, NetstringDecoder } from "./netstring";
import { within } from "./within";

/** Event of baresip, such as a change of a registration or of a call. */
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

/**
 * Script that relays its standard input to a local TCP port, and data from that port to its standard output. Bash gives
 * a background job /dev/null as standard input. So the background `cat` reads descriptor 4, a copy of the input.
 */
const RELAY = `
exec 3<>"/dev/tcp/127.0.0.1/$1" 4<&0 || exit
cat <&4 >&3 &
exec cat <&3`;

/**
 * A connection to baresip's module `ctrl_tcp`. Commands, responses and events are netstrings of JSON. Emits `event`
 * with a {@link BaresipEvent}.
 *
 * This process cannot reach the loopback interface of another network namespace. Therefore a shell in the phone's
 * namespace opens the connection, and relays the data over the shell's standard streams.
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
      for (const { reject } of this.waiting.splice(0)) reject(new Error("baresip has ended"));
    });
  }

  /** Connects to the control port of a baresip, which must already accept commands. */
  static connect(namespace: string | null, port: number): Control {
    const argv = ["bash", "-c", RELAY, "relay", String(port)];
    return new Control(start(namespace, argv, { stdio: ["pipe", "pipe", "ignore"] }));
  }

  /**
   * Runs a command of baresip and returns its output.
   *
   * @throws Error if the command fails, if baresip has ended, or after 10 s without a response.
   */
  async command(command: string, params?: string): Promise<string> {
    if (hasEnded(this.relay)) throw new Error("baresip has ended");
    const response = new Promise<Response>((resolve, reject) => {
      this.waiting.push({ resolve, reject });
    });
    // baresip responds in the order of the commands, so no token is needed to match responses with commands.
    this.relay.stdin?.write(encodeNetstring(JSON.stringify({ command, params })));
    const { ok, data } = await within(10_000, `baresip's command '${command}'`, response);
    // The error omits `data`, although it may give the reason: after `uanew`, it also contains the phone's password.
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
