import { readFileSync } from "node:fs";
import { connect } from "node:net";

/** Data to send on one connection to port 5060. */
export interface Attack {
  readonly name: string;
  /** Parts to send in order, in Base64. */
  readonly parts: readonly string[];
  /** How many times the last part is sent. */
  readonly times: number;
  /** Milliseconds between the parts; 0 to send as fast as the connection takes them. */
  readonly pause: number;
}

export interface Attacks {
  readonly host: string;
  readonly attacks: readonly Attack[];
  /** Maximum number of open connections. */
  readonly parallel: number;
}

export interface AttackResult {
  readonly name: string;
  /** Number of bytes that the kernel accepted for the connection. */
  readonly bytes: number;
  /** First line of the peer's answer; empty if there was no answer. */
  readonly answer: string;
}

/** Milliseconds between the last write and the end of the connection. */
const LINGER = 300;

/** Sends an attack, or as much of it as is possible before the peer closes the connection. */
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
      // The kernel did not accept the bytes that are still in the socket's buffer.
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

// Runs as a separate program in a network namespace. Reads `Attacks` from standard input, and writes a list of
// `AttackResult` to standard output.
if (require.main === module) void main();
