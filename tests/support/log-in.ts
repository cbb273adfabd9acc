import { randomBytes } from "node:crypto";
import type { Duplex } from "node:stream";
import { within } from "../../phones/within";
import { digest } from "./digest";

/** Timeout for an answer in milliseconds. */
const DEADLINE = 5_000;

export interface Attempt {
  readonly method: "REGISTER" | "INVITE";
  /** User name in From, in To of a registration, and in Authorization. May contain escapes (`%0D`). */
  readonly account: string;
  readonly password: string;
  /** Extension to call. */
  readonly callee?: string;
  /** Nonce to use instead of the server's nonce. */
  readonly nonce?: string;
  /** Digest response to send instead of the correct one. */
  readonly response?: string;
}

/** Status of the response to the first request and, after a 401, of the response to the request with credentials. */
export type Outcome = readonly number[];

/** A SIP connection for log-in attempts only (RFC 3261, 22; RFC 2617). */
export class LogIn {
  private readonly answers: string[] = [];
  private received = "";
  private wake = (): void => undefined;

  constructor(
    private readonly server: string,
    private readonly connection: Duplex,
    private readonly deadline = DEADLINE,
  ) {
    connection.on("error", () => undefined); // `attempt` times out instead
    connection.on("data", (bytes: Buffer) => {
      this.received += bytes.toString();
      const messages = this.received.split("\r\n\r\n");
      this.received = messages.pop() ?? "";
      // Ignores requests from Asterisk, and bodies.
      this.answers.push(...messages.filter((message) => message.startsWith("SIP/2.0 ")));
      this.wake();
    });
  }

  close(): void {
    this.connection.destroy();
  }

  async attempt({ method, account, password, callee, nonce, response }: Attempt): Promise<Outcome> {
    const uri = callee === undefined ? `sip:${this.server}` : `sip:${callee}@${this.server}`;
    const callId = randomBytes(8).toString("hex");
    const send = (sequence: number, verb: string, ...headers: string[]): void => {
      const address = `<sip:${account}@${this.server}>`;
      const lines = [
        `${verb} ${uri} SIP/2.0`,
        // The port differs from the port of the connection, as behind NAT.
        `Via: SIP/2.0/TCP 192.0.2.1:9999;branch=z9hG4bK${callId}${String(sequence)};rport`,
        "Max-Forwards: 70",
        `From: ${address};tag=${callId}`,
        `To: ${method === "REGISTER" ? address : `<${uri}>`}`,
        `Call-ID: ${callId}`,
        `CSeq: ${String(sequence)} ${verb}`,
        "Contact: <sip:phone@192.0.2.1:5060;transport=tcp>",
        "Expires: 60",
        ...headers,
        "Content-Length: 0",
      ];
      this.connection.write(`${lines.join("\r\n")}\r\n\r\n`);
    };
    const ask = async (sequence: number, ...headers: string[]): Promise<string> => {
      send(sequence, method, ...headers);
      const answer = await this.answer(callId, sequence);
      if (method === "INVITE" && statusOf(answer) >= 300) send(sequence, "ACK");
      return answer;
    };
    const first = await ask(1);
    if (statusOf(first) !== 401) return [statusOf(first)];
    const challenge =
      nonce === undefined ? first : first.replace(/nonce="[^"]*"/, `nonce="${nonce}"`);
    const right = digest({ extension: account, secret: password }, method, uri, challenge, {
      qop: /\bqop=/.test(challenge),
    });
    const authorization =
      response === undefined ? right : right.replace(/response="[^"]*"/, `response="${response}"`);
    return [401, statusOf(await ask(2, `Authorization: ${authorization}`))];
  }

  private answer(callId: string, sequence: number): Promise<string> {
    const found = new Promise<string>((resolve) => {
      this.wake = () => {
        const index = this.answers.findIndex(
          (answer) =>
            answer.includes(`Call-ID: ${callId}`) && answer.includes(`CSeq: ${String(sequence)} `),
        );
        const [answer] = index < 0 ? [] : this.answers.splice(index, 1);
        if (answer !== undefined) resolve(answer);
      };
      this.wake();
    });
    return within(this.deadline, "an answer to a log-in", found);
  }
}

const statusOf = (answer: string): number => Number(answer.slice(8, 11));
