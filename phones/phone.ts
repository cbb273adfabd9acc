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
import { ended, hasEnded, start } from "./child-process";
import { type BaresipEvent, Control } from "./control";
import { within } from "./within";

/** An entry of the stack output `sipAccounts`. */
export interface SipAccount {
  readonly extension: string;
  readonly secret: string;
  /** Address of the controller, `host` or `host:port`. */
  readonly server: string;
  readonly transport: "tcp";
}

export interface PhoneOptions {
  readonly account: SipAccount;
  /** Network namespace (`ip netns`) of the phone; by default the namespace of this process. */
  readonly namespace?: string | null;
  /** Whether the phone answers immediately (the default) or waits for {@link Call.answer}. */
  readonly answer?: "auto" | "manual";
  /** Display name of the user; none by default. */
  readonly displayName?: string;
  /** Frequency of the tone that the phone sends during a call; 440 by default. */
  readonly toneHz?: number;
  /** Requested expiry of the registration in seconds; 60 by default. */
  readonly expires?: number;
  /** Whether to record sent and received audio, in the folder {@link Phone.recordings}; false by default. */
  readonly record?: boolean;
}

/** Maximum number of attempts to start baresip on free ports. */
const ATTEMPTS = 5;
/**
 * Nice value of phones, which gives them priority over other programs. The phones' media is measured, and at the same
 * time emulated servers may keep the processors busy.
 */
const PRIORITY = -14;
const START_DEADLINE = 10_000;
const REGISTER_DEADLINE = 35_000;
/** Milliseconds until a phone that lost its connection must be registered again. baresip retries after 30 s or more. */
const RETURN_DEADLINE = 75_000;
const STOP_DEADLINE = 3_000;

/** Matches the reason of a failed registration if the reason is a SIP response instead of a connection error. */
const ANSWER = /^\d{3} /;

/** Error: another program uses one of the phone's ports. */
class PortTaken extends Error {}

/** Raises the priority of a phone, so that it sends and receives media in time. Only root is allowed to do this. */
function raisePriority({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) setPriority(pid, PRIORITY);
  } catch {
    // Without root, the phone runs with normal priority.
  }
}

/** Error: a registration failed. The message is the SIP response, such as `403 Forbidden`, or a connection error. */
export class RegistrationRefused extends Error {}

/**
 * A real SIP phone (baresip) without a sound card. It registers, places and receives calls, sends a tone and counts
 * packets. It has at most one call at a time. Emits `registration` when an attempt to register has a result (see
 * {@link nextRegistration}), and `call` with each incoming {@link Call}.
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
    child.once("exit", () => this.current?.close("the phone has ended"));
  }

  /** Starts a phone and begins its registration. To wait for the registration, use {@link registered}. */
  static async start(options: PhoneOptions): Promise<Phone> {
    await ensureBaresip();
    return retry(() => Phone.startOnce(options), {
      attempts: ATTEMPTS,
      pause: 0,
      isTransient: (error) => error instanceof PortTaken,
    });
  }

  private static async startOnce(options: PhoneOptions): Promise<Phone> {
    const { account, namespace = null } = options;
    const address = await addressTowards(hostOf(account.server), namespace);
    // The step is 4, because baresip needs two ports for SIP and one for its control connection.
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
      raisePriority(child);
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
   * Resolves when the phone is registered. A phone that lost its connection registers again automatically.
   *
   * @throws {@link RegistrationRefused} if the registration failed; Error after a timeout.
   */
  async registered(): Promise<this> {
    if (this.state === "waiting") await this.nextRegistration();
    if (this.state === "lost") await this.nextRegistration(RETURN_DEADLINE);
    if (this.state === "registered") return this;
    const { refusal } = this.state as { refusal: string };
    throw new RegistrationRefused(refusal);
  }

  /**
   * Resolves when the next attempt to register has a result. A registered phone registers again before its registration
   * expires. If that attempt gets no SIP response, this is not a result, because the phone tries again.
   *
   * @param deadline timeout in milliseconds.
   */
  async nextRegistration(deadline = REGISTER_DEADLINE): Promise<void> {
    const answered = new Promise<void>((resolve) => this.once("registration", resolve));
    await within(deadline, `the registration of ${this.account.extension}`, answered);
  }

  /** Dials an extension. Does not wait for an answer: see {@link Call.established}. */
  async call(extension: string): Promise<Call> {
    const call = (this.current = new Call(this.control, extension));
    await this.control.command("dial", extension);
    return call;
  }

  /**
   * Waits for the next call to this phone. The returned call is ringing, unless the phone answers automatically.
   *
   * @param deadline timeout in milliseconds.
   */
  async nextCall(deadline = START_DEADLINE): Promise<Call> {
    const what = `a call to ${this.account.extension}`;
    const [call] = (await within(deadline, what, once(this, "call"))) as [Call];
    return call;
  }

  /** The current or last call of this phone; null before the first call. */
  get currentCall(): Call | null {
    return this.current;
  }

  /** Folder of the recordings: WAV files `dump-*-dec.wav` (received) and `dump-*-enc.wav` (sent). */
  get recordings(): string {
    return this.folder;
  }

  /** Shuts the phone down. The phone removes its registration first, and is killed if this takes more than 3 s. */
  async close(): Promise<void> {
    this.child.kill("SIGTERM");
    await Promise.race([ended(this.child), timeout(STOP_DEADLINE)]);
    await this.kill();
  }

  /** Kills the phone. The phone sends no SIP message, so it does not remove its registration. */
  async kill(): Promise<void> {
    if (!hasEnded(this.child)) this.child.kill("SIGKILL");
    await ended(this.child);
    this.control.close();
    await rm(this.folder, { recursive: true, force: true });
  }

  private handleRegistration({ type, param = "no reason given" }: BaresipEvent): void {
    const wasRegistered = this.state === "registered" || this.state === "lost";
    if (type === "REGISTER_FAIL" && wasRegistered && !ANSWER.test(param)) {
      this.state = "lost";
      return;
    }
    this.state = type === "REGISTER_OK" ? "registered" : { refusal: param };
    this.emit("registration");
  }

  private handle(event: BaresipEvent): void {
    if (event.type === "REGISTER_OK" || event.type === "REGISTER_FAIL")
      this.handleRegistration(event);
    // A phone that answers automatically gets no CALL_INCOMING event. The first event of its call is CALL_REMOTE_SDP.
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

/** Matches a password that baresip's account line can contain. The line has no quoting. */
const PLAIN_SECRET = /^[^\s;"<>]+$/;
/** Maximum length of a command. ctrl_tcp copies a command into a buffer of fixed size. */
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
    throw new Error(
      `baresip cannot use the account ${extension}: the command that adds it is too long, or its ` +
        'secret is empty, or contains white space or one of ; " < >',
    );
  }
  return line;
}

/**
 * Resolves when baresip accepts commands. Continues to read baresip's output afterwards, because a full pipe would
 * block baresip.
 */
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
