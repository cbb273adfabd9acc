import { within } from "../../phones/within";
import { type Credentials, digest } from "./digest";
import { type Headers, render, type SipConnection, type SipMessage, unique } from "./raw-sip";

/** Timeout of `heard` in milliseconds. */
const DEADLINE = 5_000;

/**
 * Address in the phone's Contact, Via and SDP. Nothing that is sent to this address arrives: the phone receives
 * messages only on its own connection to the exchange.
 */
const HOST = "192.0.2.1";

/** Returns a session description (RFC 4566) with `media` lines. */
export function sdp(media: readonly string[], version = 1): string {
  const session = [
    "v=0",
    `o=- 1 ${String(version)} IN IP4 ${HOST}`,
    "s=-",
    `c=IN IP4 ${HOST}`,
    "t=0 0",
  ];
  return [...session, ...media, ""].join("\r\n");
}

const DIGITS = ["a=rtpmap:101 telephone-event/8000", "a=fmtp:101 0-15"];

/** Offer of G.711 µ-law and RFC 4733 digits. */
export const OFFER = sdp(["m=audio 40000 RTP/AVP 0 101", ...DIGITS]);

export interface Sending {
  /** Headers to add or replace; null removes a header. */
  readonly headers?: Headers;
  readonly body?: string;
  /** Media type of the body; `application/sdp` by default. */
  readonly type?: string;
}

/** A request outside of a dialog. */
export interface Outside extends Sending {
  /** Extension that the request is for. */
  readonly to?: string;
  /** Request-URI, if it differs from the URI of the extension. */
  readonly uri?: string;
  /** Credentials for the answer to a 401; by default the phone's account. Null: do not log in. */
  readonly credentials?: Credentials | null;
}

/** Fields that identify a request, in addition to its method. */
interface Identity {
  readonly uri: string;
  readonly from: string;
  readonly to: string;
  readonly callId: string;
  readonly sequence: number;
}

export interface Sent extends Identity {
  readonly method: string;
  readonly branch: string;
  readonly sending: Sending;
}

/** A dialog (RFC 3261, 12) from the phone's point of view. */
export class Dialog {
  constructor(
    readonly callId: string,
    /** Value of From or To with the phone's address and tag. */
    readonly local: string,
    /** Value of From or To with the exchange's address and tag. */
    readonly remote: string,
    /** URI of the exchange's Contact. */
    readonly target: string,
    /** CSeq number of the phone's last request. */
    public sequence: number,
    /** Session description of the exchange. */
    readonly remoteSdp: string,
  ) {}

  /** Returns the dialog that a final or provisional answer to the phone's INVITE creates. */
  static of(invite: Sent, answer: SipMessage): Dialog {
    const { callId, from, sequence } = invite;
    const target = uriOf(answer.header("Contact"));
    return new Dialog(callId, from, answer.header("To"), target, sequence, answer.body);
  }

  /** This dialog as the value of Replaces (RFC 3891), escaped for a URI. */
  get replaces(): string {
    const value = `${this.callId};to-tag=${tagOf(this.remote)};from-tag=${tagOf(this.local)}`;
    return encodeURIComponent(value);
  }
}

const tagOf = (fromOrTo: string): string => /tag=([^;>\s]+)/.exec(fromOrTo)?.[1] ?? "";
const uriOf = (header: string): string => /<([^>]+)>/.exec(header)?.[1] ?? header;

/** Methods that the phone answers with 200 automatically. */
const ANSWERED_AT_ONCE = ["OPTIONS", "NOTIFY", "BYE"];

/** A phone without media. The phone sends automatic answers, and otherwise only what a test tells it to send. */
export class RawPhone {
  /** Requests that the phone has answered automatically, and that `heard` has not returned yet. */
  readonly answered: SipMessage[] = [];
  /** Whether the phone has made or received a call. */
  hasCalls = false;
  private readonly registration = { callId: unique(), tag: unique(), sequence: 0 };
  private readonly watchers = new Set<() => void>();

  constructor(
    readonly connection: SipConnection,
    /** Address of the exchange. */
    readonly server: string,
    readonly account: Credentials,
  ) {
    connection.onMessage((message) => {
      if (message.status !== null) return false;
      if (message.method === "INVITE") this.hasCalls = true;
      if (!ANSWERED_AT_ONCE.includes(message.method)) return false;
      this.reply(message, 200);
      this.answered.push(message);
      for (const watcher of [...this.watchers]) watcher();
      return true;
    });
  }

  close(): void {
    this.connection.close();
  }

  get address(): string {
    return `<sip:${this.account.extension}@${this.server}>`;
  }

  get contact(): string {
    return `<sip:${this.account.extension}@${HOST}:5060;transport=tcp>`;
  }

  /** Registers, and returns the final answer. */
  register({ headers = {}, ...outside }: Outside = {}): Promise<SipMessage> {
    const { callId, tag } = this.registration;
    return this.ask("REGISTER", {
      uri: `sip:${this.server}`,
      ...outside,
      headers: {
        From: `${this.address};tag=${tag}`,
        To: this.address,
        "Call-ID": callId,
        Contact: this.contact,
        Expires: "60",
        ...headers,
      },
      next: () => ++this.registration.sequence,
    });
  }

  /** Sends a request outside of a dialog, logs in if challenged, and returns the final answer. */
  async ask(
    method: string,
    outside: Outside & { readonly next?: () => number } = {},
  ): Promise<SipMessage> {
    const sent = await this.begin(method, outside);
    return this.final(sent);
  }

  /** Sends a request outside of a dialog, and logs in if challenged. Does not take the final answer. */
  async begin(
    method: string,
    { credentials = this.account, next, ...outside }: Outside & { next?: () => number } = {},
  ): Promise<Sent> {
    let sequence = 0;
    const number = next ?? (() => ++sequence);
    const uri =
      outside.uri ?? `sip:${outside.to === undefined ? "" : `${outside.to}@`}${this.server}`;
    const from = `${this.address};tag=${unique()}`;
    const identity = { uri, from, to: `<${uri}>`, callId: unique() };
    const first = this.send(method, { ...identity, sequence: number() }, outside);
    if (credentials === null) return first;
    const answer = await this.connection.take(
      `an answer to ${method}`,
      (message) => isAnswerTo(first, message) && message.status !== 100,
    );
    if (answer.status !== 401) {
      this.connection.putBack(answer);
      return first;
    }
    if (method === "INVITE") this.acknowledge(first, answer);
    const challenge = answer.header("WWW-Authenticate");
    const qop = challenge.includes("qop=");
    const authorization = digest(credentials, method, uri, challenge, { qop });
    const headers = { ...outside.headers, Authorization: authorization };
    return this.send(method, { ...identity, sequence: number() }, { ...outside, headers });
  }

  /** Waits for the final answer. Acknowledges an answer that rejects an INVITE. @param deadline in milliseconds. */
  async final(sent: Sent, deadline?: number): Promise<SipMessage> {
    const answer = await this.connection.take(
      `a final answer to ${sent.method}`,
      (message) => isAnswerTo(sent, message) && (message.status ?? 0) >= 200,
      deadline,
    );
    if (sent.method === "INVITE" && (answer.status ?? 0) >= 300) this.acknowledge(sent, answer);
    return answer;
  }

  answerWith(sent: Sent, status: number, deadline?: number): Promise<SipMessage> {
    return this.connection.take(
      `${String(status)} to ${sent.method}`,
      (message) => isAnswerTo(sent, message) && message.status === status,
      deadline,
    );
  }

  /** Calls an extension, and acknowledges the 200 answer. */
  async call(to: string, sending: Sending = {}): Promise<Dialog> {
    return this.established(await this.begin("INVITE", { to, body: OFFER, ...sending }));
  }

  /** Waits for the 200 answer to an INVITE, and acknowledges the answer. @throws Error if the call is rejected. */
  async established(sent: Sent, sending: Sending = {}): Promise<Dialog> {
    const answer = await this.final(sent);
    if (answer.status !== 200) throw new Error(`INVITE: ${answer.startLine}`);
    this.acknowledge(sent, answer, sending);
    return Dialog.of(sent, answer);
  }

  /** Waits for a call to this phone. */
  ring(deadline?: number): Promise<SipMessage> {
    return this.take("INVITE", deadline);
  }

  /** Waits for a request with a method that the phone does not answer automatically. */
  take(method: string, deadline?: number): Promise<SipMessage> {
    return this.connection.take(
      `${method} to ${this.account.extension}`,
      (message) => message.status === null && message.method === method,
      deadline,
    );
  }

  /** Answers a request. If To has no tag, adds the phone's tag, as required for an answer that creates a dialog. */
  reply(request: SipMessage, status: number, { headers, body, type }: Sending = {}): void {
    const to = request.header("To");
    const all: Headers = {
      Via: request.all("Via"),
      From: request.header("From"),
      To: to.includes("tag=") ? to : `${to};tag=${this.registration.tag}`,
      "Call-ID": request.header("Call-ID"),
      CSeq: request.header("CSeq"),
      Contact: this.contact,
      ...(body === undefined ? {} : { "Content-Type": type ?? "application/sdp" }),
      ...headers,
    };
    this.connection.write(render(`SIP/2.0 ${String(status)} Answer`, all, body));
  }

  /** Answers a call and waits for the ACK. */
  async pickUp(request: SipMessage, sending: Sending = {}): Promise<Dialog> {
    this.reply(request, 200, { body: OFFER, ...sending });
    await this.take("ACK");
    return new Dialog(
      request.header("Call-ID"),
      `${request.header("To")};tag=${this.registration.tag}`,
      request.header("From"),
      uriOf(request.header("Contact")),
      0,
      request.body,
    );
  }

  inside(dialog: Dialog, method: string, sending: Sending = {}): Sent {
    const { callId, local, remote, target } = dialog;
    const sequence = ++dialog.sequence;
    return this.send(method, { uri: target, from: local, to: remote, callId, sequence }, sending);
  }

  /** Sends a request inside a dialog, and returns the final answer. Acknowledges the answer to a re-INVITE. */
  async askInside(dialog: Dialog, method: string, sending: Sending = {}): Promise<SipMessage> {
    const sent = this.inside(dialog, method, sending);
    const answer = await this.final(sent);
    if (method === "INVITE" && answer.status === 200) this.acknowledge(sent, answer);
    return answer;
  }

  /** Takes the first request in `answered` with `method` that `wanted` accepts. Waits if there is none yet. */
  async heard(
    method: string,
    wanted: (message: SipMessage) => boolean = () => true,
  ): Promise<SipMessage> {
    const { answered } = this;
    const found = new Promise<SipMessage>((resolve) => {
      const check = (): void => {
        const at = answered.findIndex((one) => one.method === method && wanted(one));
        const [message] = at < 0 ? [] : answered.splice(at, 1);
        if (message === undefined) return;
        this.watchers.delete(check);
        resolve(message);
      };
      this.watchers.add(check);
      check();
    });
    return within(DEADLINE, `${method} to ${this.account.extension}`, found);
  }

  /** Writes a request. Call-ID, From and To in `sending` replace those of `identity`, also in the returned value. */
  send(method: string, identity: Identity, sending: Sending = {}): Sent {
    const branch = `z9hG4bK${unique()}`;
    if (method === "INVITE") this.hasCalls = true;
    const sent: Sent = { ...identity, method, branch, sending };
    this.connection.write(this.text(sent));
    return {
      ...sent,
      callId: said(sending, "Call-ID") ?? identity.callId,
      from: said(sending, "From") ?? identity.from,
      to: said(sending, "To") ?? identity.to,
    };
  }

  text({ method, uri, from, to, callId, sequence, branch, sending }: Sent): string {
    const { headers = {}, body, type = "application/sdp" } = sending;
    return render(
      `${method} ${uri} SIP/2.0`,
      {
        Via: `SIP/2.0/TCP ${HOST}:5060;branch=${branch};rport`,
        "Max-Forwards": "70",
        From: from,
        To: to,
        "Call-ID": callId,
        CSeq: `${String(sequence)} ${method}`,
        Contact: this.contact,
        ...(body === undefined ? {} : { "Content-Type": type }),
        ...headers,
      },
      body,
    );
  }

  cancel(invite: Sent): Sent {
    const sent: Sent = { ...invite, method: "CANCEL", sending: {} };
    this.connection.write(this.text(sent));
    return sent;
  }

  /** Sends an ACK for a final answer to an INVITE. An ACK for a rejection is part of the INVITE transaction. */
  acknowledge(invite: Sent, answer: SipMessage, sending: Sending = {}): void {
    const accepted = answer.status === 200;
    const ack: Sent = {
      ...invite,
      method: "ACK",
      to: answer.header("To"),
      uri: accepted ? uriOf(answer.header("Contact")) : invite.uri,
      branch: accepted ? `z9hG4bK${unique()}` : invite.branch,
      sending,
    };
    this.connection.write(this.text(ack));
  }
}

const said = ({ headers = {} }: Sending, name: string): string | undefined => {
  const value = headers[name];
  return typeof value === "string" ? value : undefined;
};

const isAnswerTo = ({ callId, sequence, method }: Sent, message: SipMessage): boolean =>
  message.status !== null &&
  message.header("Call-ID") === callId &&
  message.header("CSeq") === `${String(sequence)} ${method}`;
