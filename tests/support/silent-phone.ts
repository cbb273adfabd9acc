import type { Duplex } from "node:stream";
import { Deferred } from "../../phones/deferred";
import type { SipAccount } from "../../phones/phone";
import { within } from "../../phones/within";
import { digest } from "./digest";

/** Timeout of a registration in milliseconds. */
const DEADLINE = 5_000;

/**
 * A phone that registers (RFC 3261, 10.2) and answers no request, as if its answers were delayed. A test can wait for
 * an INVITE to the phone.
 */
export class SilentPhone {
  private readonly registration = new Deferred<undefined>();
  private readonly invitation = new Deferred<undefined>();
  private received = "";

  constructor(
    private readonly account: SipAccount,
    private readonly connection: Duplex,
  ) {
    connection.on("error", () => undefined); // `register` or `called` times out instead
    connection.on("data", (bytes: Buffer) => {
      this.received += bytes.toString();
      this.read();
    });
  }

  /** Registers. Resolves when the registrar accepts the registration. */
  async register(): Promise<void> {
    this.send(1);
    await within(DEADLINE, "a registration", this.registration.promise);
  }

  /** Resolves when the phone receives an INVITE. @param deadline in milliseconds. */
  called(deadline: number): Promise<unknown> {
    return within(deadline, "an INVITE", this.invitation.promise);
  }

  close(): void {
    this.connection.destroy();
  }

  private read(): void {
    for (;;) {
      const end = this.received.indexOf("\r\n\r\n");
      if (end < 0) return;
      const message = this.received.slice(0, end);
      const length = Number(/^Content-Length: *(\d+)/im.exec(message)?.[1] ?? 0);
      this.received = this.received.slice(end + 4 + length);
      if (message.startsWith("SIP/2.0 401")) this.send(2, message);
      if (message.startsWith("SIP/2.0 200")) this.registration.resolve(undefined);
      if (message.startsWith("INVITE ")) this.invitation.resolve(undefined);
    }
  }

  /** Sends a REGISTER request. @param challenge 401 response to the first request. */
  private send(sequence: number, challenge?: string): void {
    const { extension, server } = this.account;
    const uri = `sip:${server}`;
    const lines = [
      `REGISTER ${uri} SIP/2.0`,
      `Via: SIP/2.0/TCP 192.0.2.1:5060;branch=z9hG4bK${extension}${String(sequence)};rport`,
      "Max-Forwards: 70",
      `From: <sip:${extension}@${server}>;tag=silent`,
      `To: <sip:${extension}@${server}>`,
      `Call-ID: silent-${extension}`,
      `CSeq: ${String(sequence)} REGISTER`,
      `Contact: <sip:${extension}@192.0.2.1:5060;transport=tcp>`,
      "Expires: 60",
      ...(challenge === undefined
        ? []
        : [`Authorization: ${digest(this.account, "REGISTER", uri, challenge)}`]),
      "Content-Length: 0",
    ];
    this.connection.write(`${lines.join("\r\n")}\r\n\r\n`);
  }
}
