import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { OperatorError } from "./errors";
import { ROOT } from "./paths";

export interface CommandOptions {
  readonly env?: NodeJS.ProcessEnv;
  /** Standard input of the command; empty by default. */
  readonly input?: string;
  /** Called with each line that the command prints on standard output or standard error. */
  readonly onLine?: (line: string) => void;
}

/**
 * Runs a command in the root directory of the clone and returns its standard output.
 *
 * @throws OperatorError if the command cannot be run or fails. If the command fails, the message has the last
 *   non-empty line of its output.
 */
export function command(
  file: string,
  args: readonly string[],
  { env = process.env, input = "", onLine }: CommandOptions = {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { cwd: ROOT, env, stdio: "pipe" });
    child.stdin.on("error", () => undefined); // EPIPE: a command may end before it reads all input
    child.stdin.end(input);
    const output: string[] = [];
    let lastLine = "";
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on("line", (line) => {
        if (stream === child.stdout) {
          output.push(line);
        }
        if (line.trim() !== "") {
          lastLine = line.trim();
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
        reject(new OperatorError(`${[file, ...args].join(" ")} failed (${end}): ${lastLine}`));
      }
    });
  });
}

/**
 * Waits until all of `jobs` have ended, so that an error is reported after all other output.
 *
 * @throws the error of the first job in `jobs` that failed.
 */
export async function all(jobs: readonly Promise<unknown>[]): Promise<void> {
  await Promise.allSettled(jobs);
  await Promise.all(jobs);
}
