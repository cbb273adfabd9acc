import { Fault } from "./command";

const start = process.hrtime.bigint();

/** Seconds since this program started. */
export function elapsed(): number {
  return Number(process.hrtime.bigint() - start) / 1e9;
}

/** A line of progress: `[  12s] images    uploaded pbx-controller`. */
export function say(what: string, line: string): void {
  const seconds = elapsed().toFixed(0).padStart(4);
  console.log(`[${seconds}s] ${what.padEnd(7)} ${line}`);
}

/** Takes the lines of a command as progress of `what`. */
export function relay(what: string): (line: string) => void {
  return (line) => {
    if (line.trim() !== "") {
      say(what, line.trimEnd());
    }
  };
}

/** Runs a program to its end. A fault is one line and exit code 1; anything else is a bug. */
export function main(program: () => Promise<void>): void {
  program().catch((error: unknown) => {
    if (error instanceof Fault) {
      console.error(`trunkline: ${error.message}`);
    } else {
      console.error("trunkline: this is a bug, please report it:", error);
    }
    process.exitCode = 1;
  });
}
