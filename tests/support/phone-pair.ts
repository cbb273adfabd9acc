import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { type Credentials, digest } from "./digest";

/** A phone that uses the exchange repeatedly, and the phone that it calls. */
export interface PhonePair {
  /** Address of the controller. */
  readonly server: string;
  /** Address of both phones. */
  readonly address: string;
  readonly caller: Credentials;
  readonly callee: Credentials;
}

/**
 * Number of bytes, and durations of the operations in milliseconds; null for an operation that failed. The duration of
 * a call ends when the other phone rings.
 */
export interface CallTimes {
  /** Bytes that the phones sent. */
  readonly sent: number;
  readonly options: readonly (number | null)[];
  readonly register: readonly (number | null)[];
  readonly call: readonly (number | null)[];
}

/** Timeout for a response in milliseconds. */
const DEADLINE = 3_000;
/** Milliseconds between two rounds of OPTIONS, registration and call. */
const PAUSE = 20;

const SDP = (address: string): string =>
  [
    "v=0",
    `o=- 1 1 IN IP4 ${address}`,
    "s=-",
    `c=IN IP4 ${address}`,
    "t=0 0",
    "m=audio 40000 RTP/AVP 8",
    "",
  ].join("\r\n");

interface Request {
  readonly method: string;
  readonly to: string;
  readonly from: string;
  readonly id: string;
  readonly sequence: number;
  readonly headers?: readonly string[];
  readonly body?: string;
}

class Connection {
  private received = "";
  private readonly waiting: { test: RegExp; resolve: (message: string) => void }[] = [];
  private readonly socket: Socket;
  /** Bytes sent on all connections. */
  static sent = 0;
  /** Called with each request from the exchange. */
  onRequest: (request: string) => void = () => undefined;

  constructor(private readonly pair: PhonePair) {
    this.socket = connect({ host: pair.server, port: 5060, noDelay: true });
    this.socket.on("error", () => undefined);
    this.socket.on("data", (bytes) => {
      this.received += bytes.toString("latin1");
      this.read();
    });
  }

  close(): void {
    this.socket.destroy();
  }

  request({ method, to, from, id, sequence, headers = [], body = "" }: Request): void {
    const { server, address } = this.pair;
    const lines = [
      `${method} ${to} SIP/2.0`,
      `Via: SIP/2.0/TCP ${address}:5070;branch=z9hG4bK${id}${String(sequence)};rport`,
      "Max-Forwards: 70",
      `From: <sip:${from}@${server}>;tag=${id}`,
      `To: <${method === "REGISTER" ? `sip:${from}@${server}` : to}>`,
      `Call-ID: ${id}`,
      `CSeq: ${String(sequence)} ${method}`,
      `Contact: <sip:${from}@${address}:5070;transport=tcp>`,
      ...headers,
      `Content-Length: ${String(body.length)}`,
    ];
    this.write(`${lines.join("\r\n")}\r\n\r\n${body}`);
  }

  respond(request: string, status: string): void {
    const copied = request.match(/^(?:Via|From|Call-ID|CSeq):.*$/gim) ?? [];
    const to = /^To:.*$/im.exec(request)?.[0] ?? "";
    const tagged = to.includes(";tag=") ? to : `${to};tag=pair`;
    this.write([`SIP/2.0 ${status}`, ...copied, tagged, "Content-Length: 0", "\r\n"].join("\r\n"));
  }

  private write(message: string): void {
    Connection.sent += message.length;
    this.socket.write(message);
  }

  /** Waits for the next response with one of `statuses`, such as `180|183`. */
  response(statuses: string): Promise<string> {
    const test = new RegExp(`^SIP/2\\.0 (?:${statuses}) `);
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => {
        reject(new Error(`no ${statuses}`));
      }, DEADLINE);
      this.waiting.push({
        test,
        resolve: (message) => {
          clearTimeout(late);
          resolve(message);
        },
      });
    });
  }

  private read(): void {
    for (;;) {
      const end = this.received.indexOf("\r\n\r\n");
      if (end < 0) return;
      const message = this.received.slice(0, end);
      const length = Number(/^(?:Content-Length|l) *: *(\d+)/im.exec(message)?.[1] ?? 0);
      if (this.received.length < end + 4 + length) return;
      this.received = this.received.slice(end + 4 + length);
      if (message === "") continue; // keep-alive (RFC 5626, 3.5.1)
      if (!message.startsWith("SIP/2.0 ")) this.onRequest(message);
      const index = this.waiting.findIndex(({ test }) => test.test(message));
      if (index >= 0) this.waiting.splice(index, 1)[0]?.resolve(message);
    }
  }
}

const newId = (): string => randomBytes(8).toString("hex");

async function register(
  connection: Connection,
  { server }: PhonePair,
  account: Credentials,
): Promise<void> {
  const [id, to] = [newId(), `sip:${server}`];
  const request = { method: "REGISTER", to, from: account.extension, id };
  connection.request({ ...request, sequence: 1 });
  const challenge = await connection.response("401");
  const authorization = `Authorization: ${digest(account, "REGISTER", to, challenge)}`;
  connection.request({ ...request, sequence: 2, headers: [authorization] });
  await connection.response("200");
}

async function newRegistration(pair: PhonePair): Promise<void> {
  const connection = new Connection(pair);
  try {
    await register(connection, pair, pair.caller);
  } finally {
    connection.close();
  }
}

async function options(pair: PhonePair): Promise<void> {
  const connection = new Connection(pair);
  try {
    const to = `sip:${pair.server}`;
    connection.request({ method: "OPTIONS", to, from: "healthcheck", id: newId(), sequence: 1 });
    await connection.response("200|404|401");
  } finally {
    connection.close();
  }
}

/** Calls until the other phone rings, and cancels the call. Returns the milliseconds until the other phone rang. */
async function call(connection: Connection, pair: PhonePair): Promise<number> {
  const { server, address, caller, callee } = pair;
  const [id, to] = [newId(), `sip:${callee.extension}@${server}`];
  const request = {
    method: "INVITE",
    to,
    from: caller.extension,
    id,
    body: SDP(address),
  };
  const headers = ["Content-Type: application/sdp"];
  const start = performance.now();
  connection.request({ ...request, sequence: 1, headers });
  const challenge = await connection.response("401");
  connection.request({ ...request, method: "ACK", body: "", sequence: 1 });
  const authorization = `Authorization: ${digest(caller, "INVITE", to, challenge)}`;
  connection.request({ ...request, sequence: 2, headers: [...headers, authorization] });
  await connection.response("180|183");
  const took = performance.now() - start;
  connection.request({ ...request, method: "CANCEL", body: "", sequence: 2 });
  await connection.response("487");
  connection.request({ ...request, method: "ACK", body: "", sequence: 2 });
  return took;
}

/** Makes a phone ring for each call until the caller cancels. */
function ring(connection: Connection): void {
  let invitation = "";
  connection.onRequest = (request) => {
    const method = request.slice(0, request.indexOf(" "));
    if (method === "INVITE") {
      invitation = request;
      connection.respond(request, "180 Ringing");
    } else if (method === "CANCEL") {
      connection.respond(request, "200 OK");
      connection.respond(invitation, "487 Request Terminated");
    } else if (method !== "ACK") connection.respond(request, "200 OK");
  };
}

async function main(): Promise<void> {
  const pair = JSON.parse(readFileSync(0, "utf8")) as PhonePair;
  const times = { options: [], register: [], call: [] } as Record<string, (number | null)[]>;
  const [from, to] = [new Connection(pair), new Connection(pair)];
  ring(to);
  await register(to, pair, pair.callee);
  const over = new AbortController();
  process.once("SIGTERM", () => {
    over.abort();
  });
  process.stdout.write("ready\n");
  const measured = async (name: string, work: () => Promise<number | undefined>): Promise<void> => {
    const start = performance.now();
    const took = await work().then(
      (own) => own ?? performance.now() - start,
      (error: unknown) => {
        process.stderr.write(`${name}: ${String(error)}\n`);
        return null;
      },
    );
    times[name]?.push(took);
  };
  while (!over.signal.aborted) {
    await measured("options", () => options(pair).then(() => undefined));
    await measured("register", () => newRegistration(pair).then(() => undefined));
    await measured("call", () => call(from, pair));
    await new Promise((resolve) => setTimeout(resolve, PAUSE));
  }
  process.stdout.write(`${JSON.stringify({ sent: Connection.sent, ...times })}\n`);
  process.exit(0);
}

// Runs as a separate program in a network namespace. Reads a `PhonePair` from standard input. Writes `ready` to
// standard output when the called phone is registered, and `CallTimes` after SIGTERM.
if (require.main === module) void main();
