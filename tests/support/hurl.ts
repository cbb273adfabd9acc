import { readFileSync } from "node:fs";
import { connect } from "node:net";

/** What is sent on one connection. */
export interface Attack {
  readonly name: string;
  /** Base64 of what is sent, in order. */
  readonly parts: readonly string[];
  /** How often the last part is sent. */
  readonly times: number;
  /** Milliseconds between the parts; 0 to send as fast as the connection takes them. */
  readonly pause: number;
}

export interface Attacks {
  readonly host: string;
  readonly attacks: readonly Attack[];
  /** How many connections are open at a time. */
  readonly parallel: number;
}

/** Bytes that the other side took, and its first line if it said anything. */
export interface AttackResult {
  readonly name: string;
  readonly bytes: number;
  readonly answer: string;
}

/** Milliseconds after the last byte until the connection is closed from this side. */
const LINGER = 300;

/** Sends everything of an attack, or as much as the other side takes. */
function attack(host: string, { name, parts, times, pause }: Attack): Promise<AttackResult> {
  return new Promise((resolve) => {
    const socket = connect({ host, port: 5060, noDelay: true });
    let answer = "";
    let isClosed = false;
    socket.on("data", (bytes) => {
      if (answer.length < 1_000) answer += bytes.toString("latin1");
    });
    socket.on("error", () => undefined);
    socket.on("close", () => {
      isClosed = true;
      // What still waits to be sent was not taken.
      const bytes = socket.bytesWritten - socket.writableLength;
      resolve({ name, bytes, answer: answer.split("\r\n")[0] ?? "" });
    });
    const chunks = parts.map((part) => Buffer.from(part, "base64"));
    const count = chunks.length - 1 + times;
    const send = (index: number): void => {
      if (isClosed) return;
      const chunk = chunks[Math.min(index, chunks.length - 1)];
      if (index >= count || chunk === undefined) {
        setTimeout(() => socket.destroy(), LINGER);
        return;
      }
      const next = (): void => {
        send(index + 1);
      };
      const isTaken = socket.write(chunk);
      if (pause > 0) setTimeout(next, pause);
      else if (isTaken) setImmediate(next);
      else socket.once("drain", next);
    };
    socket.once("connect", () => {
      send(0);
    });
  });
}

async function main(): Promise<void> {
  const { host, attacks, parallel } = JSON.parse(readFileSync(0, "utf8")) as Attacks;
  const waiting = [...attacks];
  const results: AttackResult[] = [];
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      results.push(await attack(host, next));
    }
  };
  await Promise.all(Array.from({ length: parallel }, work));
  process.stdout.write(JSON.stringify(results));
}

// A program of its own, which runs in a network namespace: Attacks on standard input, a list of
// AttackResult on standard output.
if (require.main === module) void main();
