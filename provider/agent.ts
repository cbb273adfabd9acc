import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";
import { deflateSync, inflateSync } from "node:zlib";
import { quote } from "./shell";

const PROGRAM = readFileSync(join(__dirname, "agent.py"), "utf8");

/** Starts the agent. Isolated, and without what an installation adds to Python: in half the time. */
export const AGENT_COMMAND = `python3 -I -S -c ${quote(PROGRAM)}`;

/** What the agent cannot do, in its words. */
export class AgentFault extends Error {}

interface Answer {
  readonly id: number;
  readonly result?: unknown;
  readonly error?: string;
}

/** This side of `agent.py`. */
export class Agent {
  private readonly waiting = new Map<
    number,
    { resolve: (result: unknown) => void; reject: (error: Error) => void }
  >();
  private received: Buffer = Buffer.alloc(0);
  private count = 0;
  private isGone = false;

  constructor(
    private readonly input: Writable,
    output: Readable,
  ) {
    output.on("data", (bytes: Buffer) => {
      this.received = Buffer.concat([this.received, bytes]);
      this.read();
    });
    input.on("error", () => undefined); // whoever waits hears of the end of the output
    output.once("close", () => {
      this.end();
    });
  }

  /** @throws AgentFault; another error when the agent is gone. */
  ask(request: object): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (this.isGone) {
        reject(GONE());
        return;
      }
      const id = this.count++;
      this.waiting.set(id, { resolve, reject });
      const frame = deflateSync(JSON.stringify({ id, ...request }));
      this.input.write(`${String(frame.length)}\n`);
      this.input.write(frame);
    });
  }

  /** Nobody answers any more. */
  end(): void {
    this.isGone = true;
    for (const { reject } of this.waiting.values()) reject(GONE());
    this.waiting.clear();
  }

  private read(): void {
    for (;;) {
      const newline = this.received.indexOf("\n");
      const end = newline + 1 + Number(this.received.toString("latin1", 0, newline));
      if (newline < 0 || this.received.length < end) return;
      const frame = this.received.subarray(newline + 1, end);
      this.received = this.received.subarray(end);
      const { id, result, error } = JSON.parse(inflateSync(frame).toString()) as Answer;
      const waiting = this.waiting.get(id);
      this.waiting.delete(id);
      if (error === undefined) waiting?.resolve(result);
      else waiting?.reject(new AgentFault(error));
    }
  }
}

const GONE = (): Error => new Error("the agent is gone");
