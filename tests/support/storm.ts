import { randomBytes } from "node:crypto";
import { connect, type Socket } from "node:net";
import { createInterface } from "node:readline";
import { type Credentials, digest } from "./digest";

/** Parameters of a storm of registrations. */
export interface Storm {
  /** The controller's address. */
  readonly server: string;
  /** Addresses of this host, for the phones in turn. A single address must be the host's default source address. */
  readonly addresses: readonly string[];
  /** Accounts; there is one phone for each. */
  readonly accounts: readonly Credentials[];
  /** New connections per second; 0 for no limit. */
  readonly rate: number;
  /** Whether a phone keeps its connection after its registration, as real phones do. */
  readonly keeps: boolean;
  /** Maximum number of concurrent registrations; unlimited by default. */
  readonly parallel?: number;
}

export interface StormResult {
  readonly registered: number;
  /** Number of phones that were not registered, by cause. */
  readonly lost: Readonly<Record<string, number>>;
  /** Seconds from the first new connection until the last phone was registered or lost. */
  readonly seconds: number;
  /** Median time from a new connection to its registration, in milliseconds. */
  readonly median: number;
  /** Longest time from a new connection to its registration, in milliseconds. */
  readonly slowest: number;
}

/** Milliseconds after which a phone without a final answer is lost: 64 times T1 (RFC 3261, 17.1.2.2). */
const DEADLINE = 32_000;
/** Milliseconds between two checks for due connections. */
const TICK = 5;
/** Milliseconds until a phone tries again after a refused connection, such as while HAProxy starts. */
const RETRY = 20;

/** A registration on its own connection (RFC 3261, 10.2). */
class Registration {
  private readonly start = performance.now();
  private readonly id = randomBytes(8).toString("hex");
  private received = "";
  private state = "nothing";
  private isOver = false;

  /** @param over called once: with null if the phone is registered, otherwise with the cause of the failure. */
  constructor(
    private readonly storm: Storm,
    private readonly address: string,
    private readonly account: Credentials,
    private readonly over: (fault: string | null) => void,
  ) {
    this.connect();
  }

  /** Milliseconds since the first connection attempt. */
  get age(): number {
    return performance.now() - this.start;
  }

  giveUp(): void {
    this.end(`no answer after ${this.state}`);
  }

  private connect(): void {
    const { server, keeps, addresses } = this.storm;
    // Bind only if needed: after thousands of closed connections, the kernel finds a port for a bound address slowly.
    const from = addresses.length > 1 ? { localAddress: this.address } : {};
    const socket = connect({ host: server, port: 5060, noDelay: true, ...from });
    socket.once("connect", () => {
      this.send(socket, 1);
    });
    socket.on("data", (bytes) => {
      this.received += bytes.toString("latin1");
      this.read(socket);
      if (this.isOver && !keeps) socket.destroy();
    });
    let fault = "";
    socket.once("error", ({ code }: NodeJS.ErrnoException) => {
      fault = code ?? "";
    });
    socket.once("close", () => {
      if (fault === "ECONNREFUSED") {
        setTimeout(() => {
          this.connect();
        }, RETRY);
      } else this.end(`closed${fault && ` (${fault})`} after ${this.state}`);
    });
  }

  private end(fault: string | null): void {
    if (this.isOver) return;
    this.isOver = true;
    this.over(fault);
  }

  private read(socket: Socket): void {
    for (;;) {
      const end = this.received.indexOf("\r\n\r\n");
      if (end < 0) return;
      const message = this.received.slice(0, end);
      this.received = this.received.slice(end + 4);
      if (message === "") continue; // keep-alive (RFC 5626, 3.5.1)
      if (message.startsWith("OPTIONS ")) this.answer(socket, message);
      else if (message.startsWith("SIP/2.0 200 ")) this.end(null);
      else if (message.startsWith("SIP/2.0 401 ") && this.state === "request 1") {
        this.send(socket, 2, message);
      } else this.end(`${message.slice(0, message.indexOf("\r"))} after ${this.state}`);
    }
  }

  /** Answers OPTIONS, with which chan_sip checks whether a registered phone is reachable. */
  private answer(socket: Socket, request: string): void {
    const copied = request.match(/^(?:Via|From|To|Call-ID|CSeq):.*$/gm) ?? [];
    socket.write(["SIP/2.0 200 OK", ...copied, "Content-Length: 0", "\r\n"].join("\r\n"));
  }

  private send(socket: Socket, sequence: 1 | 2, challenge?: string): void {
    this.state = `request ${String(sequence)}`;
    const { extension } = this.account;
    const { server } = this.storm;
    const uri = `sip:${server}`;
    const lines = [
      `REGISTER ${uri} SIP/2.0`,
      `Via: SIP/2.0/TCP ${this.address};branch=z9hG4bK${this.id}${String(sequence)};rport`,
      "Max-Forwards: 70",
      `From: <sip:${extension}@${server}>;tag=${this.id}`,
      `To: <sip:${extension}@${server}>`,
      `Call-ID: ${this.id}`,
      `CSeq: ${String(sequence)} REGISTER`,
      `Contact: <sip:${extension}@${this.address};transport=tcp>`,
      "Expires: 60",
      ...(challenge === undefined
        ? []
        : [`Authorization: ${digest(this.account, "REGISTER", uri, challenge)}`]),
      "Content-Length: 0",
    ];
    socket.write(`${lines.join("\r\n")}\r\n\r\n`);
  }
}

/** Registers all phones at the given rate. Waits for earlier registrations only if `parallel` of them are pending. */
function register(storm: Storm): Promise<StormResult> {
  const { accounts, addresses, rate, parallel = Infinity } = storm;
  const start = performance.now();
  const lost: Record<string, number> = {};
  const times: number[] = [];
  const waiting = new Set<Registration>();
  let begun = 0;

  const begin = (): void => {
    const account = accounts[begun];
    const address = addresses[begun % addresses.length];
    if (account === undefined || address === undefined) throw new Error("no account or address");
    const over = (fault: string | null): void => {
      if (fault === null) times.push(registration.age);
      else lost[fault] = (lost[fault] ?? 0) + 1;
      waiting.delete(registration);
      beginDue();
    };
    const registration: Registration = new Registration(storm, address, account, over);
    waiting.add(registration);
    begun += 1;
  };

  const beginDue = (): void => {
    const elapsed = (performance.now() - start) / 1000;
    const due = rate === 0 ? accounts.length : Math.min(accounts.length, elapsed * rate);
    while (begun < due && waiting.size < parallel) {
      begin();
    }
  };

  return new Promise((resolve) => {
    const timer = setInterval(() => {
      beginDue();
      for (const registration of waiting) if (registration.age > DEADLINE) registration.giveUp();
      if (begun < accounts.length || waiting.size > 0) return;
      clearInterval(timer);
      times.sort((a, b) => a - b);
      const [median = NaN, slowest = NaN] = [times[times.length >> 1], times.at(-1)];
      const seconds = (performance.now() - start) / 1000;
      resolve({ registered: times.length, lost, seconds, median, slowest });
    }, TICK);
  });
}

// Runs as a separate program in a network namespace. Reads one `Storm` per line from standard input, runs the storms
// one after the other, and writes one `StormResult` per line to standard output.
async function main(): Promise<void> {
  for await (const line of createInterface({ input: process.stdin })) {
    const result = await register(JSON.parse(line) as Storm);
    process.stdout.write(`${JSON.stringify(result)}\n`);
  }
}

if (require.main === module) void main();
