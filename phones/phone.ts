import type { ChildProcess } from "node:child_process";
import { randomInt } from "node:crypto";
import { EventEmitter, once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { setPriority, tmpdir } from "node:os";
import { join } from "node:path";
import { retry } from "../core/retry";
import { addressTowards } from "./address-towards";
import { controlPort, ensureBaresip, renderBaresipConfig } from "./baresip";
import { Call } from "./call";
import { ended, hasEnded, start } from "./command";
import { type BaresipEvent, Control } from "./control";
import { within } from "./deadline";

/** As in the stack output `sipAccounts`. */
export interface SipAccount {
  readonly extension: string;
  readonly secret: string;
  /** Address of the controller, `host` or `host:port`. */
  readonly server: string;
  readonly transport: "tcp";
}

export interface PhoneOptions {
  readonly account: SipAccount;
  /** Network namespace (`ip netns`) that the phone is in; the present one by default. */
  readonly namespace?: string | null;
  /** Whether it picks up at once (the default) or waits for {@link Call.answer}. */
  readonly answer?: "auto" | "manual";
  /** What it says its user is called. Nothing by default. */
  readonly displayName?: string;
  /** The tone that it speaks for as long as a call lasts. 440 by default. */
  readonly toneHz?: number;
  /** Seconds for which it asks to be registered. 60 by default. */
  readonly expires?: number;
  /** Whether to record what it hears, for {@link Phone.recordings}. */
  readonly record?: boolean;
}

const ATTEMPTS = 5;
/** As `nice` counts: what a phone hears is measured, beside servers that a busy processor emulates. */
const PRIORITY = -14;
const START_DEADLINE = 10_000;
const REGISTER_DEADLINE = 35_000;
/** Until a phone that has lost its connection is back: it waits half a minute or more before it tries. */
const RETURN_DEADLINE = 75_000;
const STOP_DEADLINE = 3_000;

/** What the registrar says, and not what becomes of a connection. */
const ANSWER = /^\d{3} /;

/** The other programs of this machine took the ports first. */
class PortTaken extends Error {}

/** Lets a phone speak and hear in time, where that is allowed: it is to root. */
function hurry({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) setPriority(pid, PRIORITY);
  } catch {
    // It goes on as every other program does.
  }
}

/** The registrar refused. The message is its answer: `403 Forbidden`. */
export class RegistrationRefused extends Error {}

/**
 * A real SIP phone (baresip) without sound card: it registers, calls and is called, speaks a tone and
 * counts what it hears. One call at a time, as a desk phone. Emits `registration` and `call`.
 */
export class Phone extends EventEmitter {
  private current: Call | null = null;
  private state: "waiting" | "registered" | "lost" | { readonly refusal: string } = "waiting";

  private constructor(
    readonly account: SipAccount,
    private readonly child: ChildProcess,
    private readonly control: Control,
    private readonly folder: string,
  ) {
    super();
    control.on("event", (event: BaresipEvent) => {
      this.handle(event);
    });
    child.once("exit", () => this.current?.close("the phone is gone"));
  }

  /** Starts a phone and lets it register; {@link registered} tells when it has. */
  static async start(options: PhoneOptions): Promise<Phone> {
    await ensureBaresip();
    return retry(() => Phone.startOnce(options), {
      ...{ attempts: ATTEMPTS, pause: 0 },
      isTransient: (error) => error instanceof PortTaken,
    });
  }

  private static async startOnce(options: PhoneOptions): Promise<Phone> {
    const { account, namespace = null } = options;
    const address = await addressTowards(hostOf(account.server), namespace);
    // Spaced: baresip takes two ports for SIP and one for its control connection.
    const port = 20_000 + 4 * randomInt(3_000);
    const folder = await mkdtemp(join(tmpdir(), "phone-"));
    try {
      const recordings = options.record ? folder : null;
      const toneHz = options.toneHz ?? 440;
      await writeFile(
        join(folder, "config"),
        renderBaresipConfig({ address, port, toneHz, recordings }),
      );
      const child = start(namespace, ["baresip", "-f", folder], {
        stdio: ["ignore", "pipe", "pipe"],
      });
      hurry(child);
      try {
        await within(START_DEADLINE, "the start of baresip", ready(child));
        const phone = new Phone(
          account,
          child,
          Control.connect(namespace, controlPort(port)),
          folder,
        );
        await phone.control.command("uanew", accountLine(options));
        return phone;
      } catch (error) {
        child.kill("SIGKILL");
        throw error;
      }
    } catch (error) {
      await rm(folder, { recursive: true });
      throw error;
    }
  }

  /**
   * Resolves when the phone is registered, rejects with {@link RegistrationRefused}. One that has lost
   * its connection registers again by itself.
   */
  async registered(): Promise<this> {
    if (this.state === "waiting") await this.nextRegistration();
    if (this.state === "lost") await this.nextRegistration(RETURN_DEADLINE);
    if (this.state === "registered") return this;
    const { refusal } = this.state as { refusal: string };
    throw new RegistrationRefused(refusal);
  }

  /** Resolves when the registrar has answered once more, as it does before a registration expires. */
  async nextRegistration(deadline = REGISTER_DEADLINE): Promise<void> {
    const answered = new Promise<void>((resolve) => this.once("registration", resolve));
    await within(deadline, `the registration of ${this.account.extension}`, answered);
  }

  async call(extension: string): Promise<Call> {
    const call = (this.current = new Call(this.control, extension));
    await this.control.command("dial", extension);
    return call;
  }

  /** The next call to this phone. It is ringing then, or established when the phone picks up. */
  async nextCall(deadline = START_DEADLINE): Promise<Call> {
    const what = `a call to ${this.account.extension}`;
    const [call] = (await within(deadline, what, once(this, "call"))) as [Call];
    return call;
  }

  /** The call that this phone is in, or was in last. */
  get currentCall(): Call | null {
    return this.current;
  }

  /** Folder of the WAV files `dump-*-dec.wav` (heard) and `dump-*-enc.wav` (said). */
  get recordings(): string {
    return this.folder;
  }

  /** Puts the phone down: it gives up its registration. */
  async close(): Promise<void> {
    this.child.kill("SIGTERM");
    await Promise.race([ended(this.child), timeout(STOP_DEADLINE)]);
    await this.cutOff();
  }

  /** Ends the phone as a power cut does: nobody is told, and its registration stays behind. */
  async cutOff(): Promise<void> {
    if (!hasEnded(this.child)) this.child.kill("SIGKILL");
    await ended(this.child);
    this.control.close();
    await rm(this.folder, { recursive: true, force: true });
  }

  private handleRegistration({ type, param = "no reason given" }: BaresipEvent): void {
    const wasThere = this.state === "registered" || this.state === "lost";
    if (type === "REGISTER_FAIL" && wasThere && !ANSWER.test(param)) {
      this.state = "lost";
      return;
    }
    this.state = type === "REGISTER_OK" ? "registered" : { refusal: param };
    this.emit("registration");
  }

  private handle(event: BaresipEvent): void {
    if (event.type === "REGISTER_OK" || event.type === "REGISTER_FAIL")
      this.handleRegistration(event);
    // A phone that picks up at once is not told CALL_INCOMING: the first event of a call is its offer.
    const begins = event.type === "CALL_INCOMING" || event.type === "CALL_REMOTE_SDP";
    if (begins && event.direction === "incoming" && event.id !== this.current?.id) {
      this.current = new Call(this.control, event.peeruri ?? "", event.peerdisplayname ?? null);
      this.current.handle(event);
      this.emit("call", this.current);
      return;
    }
    if (event.type.startsWith("CALL_")) this.current?.handle(event);
  }
}

const hostOf = (server: string): string => server.split(":")[0] ?? server;

const timeout = (ms: number): Promise<void> =>
  new Promise((resolve) => void setTimeout(resolve, ms).unref());

/** What a password may hold to be written into baresip's account line, which knows no quoting. */
const PLAIN_SECRET = /^[^\s;"<>]+$/;
/** The size of the buffer that ctrl_tcp copies a command to. */
const COMMAND_LIMIT = 255;

function accountLine({
  account,
  displayName,
  answer = "auto",
  expires = 60,
}: PhoneOptions): string {
  const { extension, secret, server, transport } = account;
  const line =
    `${displayName === undefined ? "" : `"${displayName}" `}<sip:${extension}@${server};transport=${transport}>;auth_pass=${secret}` +
    `;answermode=${answer};regint=${String(expires)}`;
  if (!PLAIN_SECRET.test(secret) || `uanew ${line}`.length > COMMAND_LIMIT) {
    throw new Error(`the secret of ${extension} is too long, or of characters baresip cannot take`);
  }
  return line;
}

/** Resolves when baresip takes commands; its output is read on, or it would block one day. */
function ready(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    let output = "";
    const read = (bytes: Buffer): void => {
      if (output.length > 10_000) return;
      output += bytes.toString();
      if (output.includes("Address already in use")) reject(new PortTaken());
      if (output.includes("baresip is ready")) resolve();
    };
    child.stdout?.on("data", read);
    child.stderr?.on("data", read);
    child.once("error", reject);
    child.once("exit", () => {
      reject(new Error(`baresip did not start: ${output.trim()}`));
    });
  });
}
