import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";
import { deflateSync, inflateSync } from "node:zlib";
import { z } from "zod";
import { printable, quote } from "../core/text";

const PROGRAM = readFileSync(join(__dirname, "agent.py"), "utf8");

/**
 * Shell command that starts the agent. With `-I -S`, Python ignores environment variables and site packages, and starts
 * faster.
 */
export const AGENT_COMMAND = `python3 -I -S -c ${quote(PROGRAM)}`;

/** Error that the agent sent instead of a result. */
export class AgentFault extends Error {
  constructor(
    message: string,
    /** Paths of files that were changed and could not be restored. */
    readonly notRestored: readonly string[] = [],
  ) {
    super(message);
  }
}

/** Error if an answer is invalid or late. It is unknown whether the agent carried out the pending requests. */
export class InvalidAnswer extends Error {}

/** Maximum number of digits in the header of a frame. The header is the length of the frame in bytes. */
const LENGTH_DIGITS = 9;
/** Maximum size in bytes of a frame with its header, and of the JSON in a frame. Twice the agent's own limit. */
const FRAME_LIMIT = 64 << 20;

/**
 * Milliseconds to wait for an answer, far more than any request needs. The timeout is for a node that keeps the
 * connection open and sends nothing.
 */
const TIMEOUT = 900_000;

const answerSchema = z.object({
  id: z.number(),
  result: z.unknown().optional(),
  error: z.string().optional(),
  notRestored: z.array(z.string()).optional(),
});

/** Client of `agent.py`. */
export class Agent {
  private readonly waiting = new Map<
    number,
    { resolve: (result: unknown) => void; reject: (error: Error) => void }
  >();
  private received: Buffer = Buffer.alloc(0);
  private count = 0;
  /** Reason for the end of the connection to the agent; null while the connection is open. */
  private gone: Error | null = null;

  constructor(
    private readonly input: Writable,
    private readonly output: Readable,
  ) {
    output.on("data", (bytes: Buffer) => {
      if (this.gone !== null) return;
      this.received = Buffer.concat([this.received, bytes]);
      try {
        this.read();
      } catch (error) {
        this.end(error as Error);
      }
    });
    output.on("error", () => undefined); // the "close" event follows
    input.on("error", () => undefined); // pending requests fail when the output closes
    output.once("close", () => {
      this.end();
    });
  }

  /**
   * Sends a request and returns the result.
   *
   * @throws AgentFault if the agent sends an error; InvalidAnswer if an answer is invalid or late; another Error if the
   * connection to the agent ends.
   */
  ask(request: object): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (this.gone !== null) {
        reject(this.gone);
        return;
      }
      const id = this.count++;
      const timer = setTimeout(() => {
        this.end(
          new InvalidAnswer(`its agent has not answered for ${String(TIMEOUT / 60_000)} minutes`),
        );
      }, TIMEOUT);
      const settled =
        <T>(settle: (value: T) => void) =>
        (value: T): void => {
          clearTimeout(timer);
          settle(value);
        };
      this.waiting.set(id, { resolve: settled(resolve), reject: settled(reject) });
      const frame = deflateSync(JSON.stringify({ id, ...request }));
      this.input.write(`${String(frame.length)}\n`);
      this.input.write(frame);
    });
  }

  /** Ends the connection to the agent, if it is open. All pending and later requests then fail with `why`. */
  end(why: Error = new Error("the agent has ended")): void {
    if (this.gone !== null) return;
    this.gone = why;
    this.received = Buffer.alloc(0);
    for (const { reject } of this.waiting.values()) reject(why);
    this.waiting.clear();
    this.input.end();
    this.output.destroy();
  }

  /** Reads all answers that are complete. @throws InvalidAnswer */
  private read(): void {
    for (;;) {
      const newline = this.received.subarray(0, LENGTH_DIGITS + 1).indexOf("\n");
      const header = this.received.toString("latin1", 0, newline < 0 ? LENGTH_DIGITS + 1 : newline);
      const isLength = newline < 0 ? /^\d{0,9}$/.test(header) : /^\d{1,9}$/.test(header);
      if (!isLength) throw this.notAnAnswer(this.received);
      if (newline < 0) return;
      const end = newline + 1 + Number(header);
      if (end > FRAME_LIMIT) throw this.notAnAnswer(this.received);
      if (this.received.length < end) return;
      const frame = this.received.subarray(newline + 1, end);
      this.received = this.received.subarray(end);
      this.deliver(frame);
    }
  }

  private deliver(frame: Buffer): void {
    let content: string;
    let json: unknown;
    try {
      content = inflateSync(frame, { maxOutputLength: FRAME_LIMIT }).toString();
      json = JSON.parse(content);
    } catch {
      throw this.notAnAnswer(frame);
    }
    const { data } = answerSchema.safeParse(json);
    const waiting = data && this.waiting.get(data.id);
    if (data === undefined || waiting === undefined) throw this.notAnAnswer(Buffer.from(content));
    this.waiting.delete(data.id);
    if (data.error === undefined) waiting.resolve(data.result);
    else waiting.reject(new AgentFault(data.error, data.notRestored));
  }

  private notAnAnswer(bytes: Buffer): InvalidAnswer {
    const beginning = printable(bytes.toString("utf8", 0, 60).trim().split("\n")[0] ?? "");
    return new InvalidAnswer(`its agent sent an invalid answer: '${beginning}'`);
  }
}
