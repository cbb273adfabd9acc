import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";
import { deflateSync, inflateSync } from "node:zlib";
import { z } from "zod";
import { quote } from "../core/shell";
import { printable } from "../core/text";

const PROGRAM = readFileSync(join(__dirname, "agent.py"), "utf8");

/** Starts the agent. Isolated, and without what an installation adds to Python: in half the time. */
export const AGENT_COMMAND = `python3 -I -S -c ${quote(PROGRAM)}`;

/** What the agent cannot do, in its words. */
export class AgentFault extends Error {
  constructor(
    words: string,
    /** Paths of files that an installation has changed, and could not change back. */
    readonly renewed: readonly string[] = [],
  ) {
    super(words);
  }
}

/** The node sent something that is no answer of the agent. Whether a request was carried out is unknown. */
export class NotAnAnswer extends Error {}

/** Digits of the length before a frame. */
const LENGTH_DIGITS = 9;
/** Bytes of a frame, and of the JSON in it: twice what the agent sends at the most. */
const FRAME_LIMIT = 64 << 20;

/**
 * Milliseconds for an answer. The agent bounds whatever it does below that; a node that keeps the connection and
 * says nothing is not waited for.
 */
const PATIENCE = 900_000;

const answerSchema = z.object({
  id: z.number(),
  result: z.unknown().optional(),
  error: z.string().optional(),
  renewed: z.array(z.string()).optional(),
});

/** This side of `agent.py`. */
export class Agent {
  private readonly waiting = new Map<
    number,
    { resolve: (result: unknown) => void; reject: (error: Error) => void }
  >();
  private received: Buffer = Buffer.alloc(0);
  private count = 0;
  /** Why nothing is answered any more. */
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
    output.on("error", () => undefined); // "close" follows
    input.on("error", () => undefined); // whoever waits hears of the end of the output
    output.once("close", () => {
      this.end();
    });
  }

  /** @throws AgentFault; NotAnAnswer; another error when the agent is gone. */
  ask(request: object): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (this.gone !== null) {
        reject(this.gone);
        return;
      }
      const id = this.count++;
      const patience = setTimeout(() => {
        this.end(
          new NotAnAnswer(`its agent has not answered for ${String(PATIENCE / 60_000)} minutes`),
        );
      }, PATIENCE);
      const settled =
        <T>(settle: (value: T) => void) =>
        (value: T): void => {
          clearTimeout(patience);
          settle(value);
        };
      this.waiting.set(id, { resolve: settled(resolve), reject: settled(reject) });
      const frame = deflateSync(JSON.stringify({ id, ...request }));
      this.input.write(`${String(frame.length)}\n`);
      this.input.write(frame);
    });
  }

  /** Ends the conversation; all that wait, and all later requests, fail with `why`. */
  end(why: Error = new Error("the agent is gone")): void {
    if (this.gone !== null) return;
    this.gone = why;
    this.received = Buffer.alloc(0);
    for (const { reject } of this.waiting.values()) reject(why);
    this.waiting.clear();
    this.input.end();
    this.output.destroy();
  }

  /** @throws NotAnAnswer */
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
    else waiting.reject(new AgentFault(data.error, data.renewed));
  }

  private notAnAnswer(bytes: Buffer): NotAnAnswer {
    const beginning = printable(bytes.toString("utf8", 0, 60).trim().split("\n")[0] ?? "");
    return new NotAnAnswer(`its agent does not answer as it should, but with '${beginning}'`);
  }
}
