import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { OperatorError } from "./errors";
import { ROOT } from "./paths";

export interface CommandOptions {
  readonly env?: NodeJS.ProcessEnv;
  /** What the command reads on standard input; nothing without it. */
  readonly input?: string;
  /** Takes each line that the command prints; without it the lines are only kept for a fault. */
  readonly onLine?: (line: string) => void;
}

/**
 * Runs a command from the root of the clone and returns what it printed on standard output.
 *
 * @throws OperatorError naming the command and the last thing that it said.
 */
export function command(
  file: string,
  args: readonly string[],
  { env = process.env, input = "", onLine }: CommandOptions = {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { cwd: ROOT, env, stdio: "pipe" });
    child.stdin.on("error", () => undefined); // it was not read to its end
    child.stdin.end(input);
    const output: string[] = [];
    let lastWords = "";
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on("line", (line) => {
        if (stream === child.stdout) {
          output.push(line);
        }
        if (line.trim() !== "") {
          lastWords = line.trim();
        }
        onLine?.(line);
      });
    }
    child.on("error", (error) => {
      reject(new OperatorError(`${file} cannot be run: ${error.message}`));
    });
    child.on("close", (code, signal) => {
      if (code === 0) {
        resolve(output.join("\n"));
      } else {
        const end = signal ?? `exit code ${String(code)}`;
        reject(new OperatorError(`${[file, ...args].join(" ")} failed (${end}): ${lastWords}`));
      }
    });
  });
}

/** Waits for all of `jobs`: what fails is then the last that is said. @throws what the first of them throws */
export async function all(jobs: readonly Promise<unknown>[]): Promise<void> {
  await Promise.allSettled(jobs);
  await Promise.all(jobs);
}
