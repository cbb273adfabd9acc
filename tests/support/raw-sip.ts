import { randomBytes } from "node:crypto";
import type { Duplex } from "node:stream";
import { within } from "../../phones/within";

/** Default timeout for a message in milliseconds. */
const DEADLINE = 5_000;

/** A received SIP request or response (RFC 3261, 7). */
export class SipMessage {
  readonly startLine: string;
  private readonly headers: readonly (readonly [name: string, value: string])[];

  constructor(
    head: string,
    readonly body: string,
  ) {
    const [startLine = "", ...lines] = head.replace(/\r\n[ \t]+/g, " ").split("\r\n");
    this.startLine = startLine;
    this.headers = lines.map((line) => {
      const colon = line.indexOf(":");
      return [fullName(line.slice(0, colon).trim()), line.slice(colon + 1).trim()] as const;
    });
  }

  /** Status code of a response; null for a request. */
  get status(): number | null {
    const code = /^SIP\/2\.0 (\d{3})/.exec(this.startLine)?.[1];
    return code === undefined ? null : Number(code);
  }

  /** Method of the request or, for a response, of the request that the response answers. */
  get method(): string {
    return this.header("CSeq").split(/\s+/)[1] ?? "";
  }

  /** Returns the first value of a header; empty if there is none. @param name full name, in upper or lower case. */
  header(name: string): string {
    return this.all(name)[0] ?? "";
  }

  /** Returns all values of a header in order. */
  all(name: string): string[] {
    const wanted = name.toLowerCase();
    return this.headers.filter(([found]) => found === wanted).map(([, value]) => value);
  }

  /** Returns a copy of this message with all values of one header changed. */
  with(name: string, change: (value: string) => string): SipMessage {
    const other = new SipMessage("", this.body);
    const headers = this.headers.map(
      ([found, value]) => [found, found === name.toLowerCase() ? change(value) : value] as const,
    );
    return Object.assign(other, { startLine: this.startLine, headers });
  }

  /** Returns a parameter of a header, such as `tag`, without quotes; empty if there is none. */
  parameter(header: string, name: string): string {
    const found = new RegExp(`[;, ]${name}=("?)([^";,>\\s]*)\\1`, "i").exec(this.header(header));
    return found?.[2] ?? "";
  }
}

/** Compact header names (RFC 3261, 7.3.3, and the RFCs that define the others). */
const COMPACT: Readonly<Record<string, string>> = {
  a: "accept-contact",
  b: "referred-by",
  c: "content-type",
  e: "content-encoding",
  f: "from",
  i: "call-id",
  k: "supported",
  l: "content-length",
  m: "contact",
  o: "event",
  r: "refer-to",
  s: "subject",
  t: "to",
  u: "allow-events",
  v: "via",
  x: "session-expires",
};

const fullName = (name: string): string => COMPACT[name.toLowerCase()] ?? name.toLowerCase();

/** Returns a random value, for a Call-ID, a tag or a branch. */
export const unique = (): string => randomBytes(6).toString("hex");

type Wanted = (message: SipMessage) => boolean;

/** A stream connection for SIP. Sends any bytes, and parses the received messages. */
export class SipConnection {
  /** Messages that no reader has taken yet, in the order of their arrival. */
  private readonly inbox: SipMessage[] = [];
  private readonly readers = new Set<() => void>();
  /** Sent bytes and received messages, in order. */
  private readonly exchanged: string[] = [];
  private received = Buffer.alloc(0);
  /** Answers to keep-alives, which are line breaks between messages (RFC 5626, 4.4.1). */
  private between = "";
  private ended = false;
  private first: Wanted = () => false;

  constructor(private readonly connection: Duplex) {
    connection.on("error", () => undefined); // a reader gets an error from `take` instead
    connection.on("data", (bytes: Buffer) => {
      this.received = Buffer.concat([this.received, bytes]);
      this.parse();
      this.wake();
    });
    connection.on("close", () => {
      this.ended = true;
      this.wake();
    });
  }

  get isClosed(): boolean {
    return this.ended;
  }

  /** Sent bytes (`>`) and received messages (`<`), for the output of a failed test. */
  get transcript(): string {
    return this.exchanged.join("\n");
  }

  write(bytes: string | Buffer): void {
    this.exchanged.push(`> ${bytes.toString()}`);
    this.connection.write(bytes);
  }

  /** Takes the first message that `wanted` accepts. Waits up to `deadline` milliseconds for the message. */
  take(what: string, wanted: Wanted, deadline = DEADLINE): Promise<SipMessage> {
    return this.when(what, deadline, () => {
      const at = this.inbox.findIndex(wanted);
      return at < 0 ? undefined : this.inbox.splice(at, 1)[0];
    });
  }

  /** Puts a taken message back for the next reader. */
  putBack(message: SipMessage): void {
    this.inbox.unshift(message);
    this.wake();
  }

  /** Waits for the answer to a keep-alive: a CRLF between two messages (RFC 5626, 4.4.1). */
  async keepAlive(deadline = DEADLINE): Promise<void> {
    await this.when(
      "an answer to CRLF CRLF",
      deadline,
      () => this.between.includes("\r\n") || undefined,
    );
    this.between = "";
  }

  /** Passes each message to `reader` first. If `reader` returns true, the message is not kept for {@link take}. */
  onMessage(reader: Wanted): void {
    this.first = reader;
  }

  close(): void {
    this.connection.destroy();
  }

  private async when<T>(what: string, deadline: number, find: () => T | undefined): Promise<T> {
    let reader = (): void => undefined;
    const found = new Promise<T>((resolve, reject) => {
      reader = () => {
        const result = find();
        if (result !== undefined) resolve(result);
        else if (this.ended) reject(new Error(`${what}: the connection was closed`));
      };
    });
    this.readers.add(reader);
    reader();
    try {
      return await within(deadline, what, found);
    } finally {
      this.readers.delete(reader);
    }
  }

  private wake(): void {
    for (const reader of [...this.readers]) reader();
  }

  private parse(): void {
    for (;;) {
      const empty = /^(?:\r\n)+/.exec(this.received.toString("latin1"))?.[0] ?? "";
      // Two line breaks are a keep-alive from Asterisk. One is the answer to the phone's keep-alive (RFC 5626, 3.5.1).
      this.between += empty.replaceAll("\r\n\r\n", "");
      this.received = this.received.subarray(empty.length);
      const end = this.received.indexOf("\r\n\r\n");
      if (end < 0) return;
      const head = this.received.subarray(0, end).toString();
      const length = Number(new SipMessage(head, "").header("Content-Length"));
      const whole = end + 4 + length;
      if (this.received.length < whole) return;
      const message = new SipMessage(head, this.received.subarray(end + 4, whole).toString());
      this.exchanged.push(`< ${this.received.subarray(0, whole).toString()}`);
      this.received = this.received.subarray(whole);
      if (!this.first(message)) this.inbox.push(message);
    }
  }
}

/** Headers by name, in order. An array gives one header per value. Null removes a default header. */
export type Headers = Readonly<Record<string, string | readonly string[] | null>>;

export interface RequestParts {
  readonly headers?: Headers;
  readonly body?: string;
}

/** Returns the text of a message. Adds Content-Length unless it is in `headers`. */
export function render(startLine: string, headers: Headers, body = ""): string {
  const named = Object.keys(headers).map(fullName);
  const length: Headers = named.includes("content-length")
    ? {}
    : { "Content-Length": String(Buffer.byteLength(body)) };
  const lines = Object.entries({ ...headers, ...length }).flatMap(([name, value]) =>
    value === null ? [] : [value].flat().map((one) => `${name}: ${one}`),
  );
  return [startLine, ...lines, "", body].join("\r\n");
}
