import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";

/** Returns whether the command `name` is on the PATH, in `/usr/sbin` or in `/sbin`. */
export function hasCommand(name: string): boolean {
  const folders = [...(process.env.PATH ?? "").split(delimiter), "/usr/sbin", "/sbin"];
  return folders.some((folder) => existsSync(join(folder, name)));
}

/**
 * Starts a program. The kernel kills the program when this process ends, even if this process is killed. So no phone
 * keeps ringing after a test is killed.
 *
 * @param namespace network namespace to run in (`ip netns`); null for the namespace of this process.
 */
export function start(
  namespace: string | null,
  argv: readonly string[],
  options: SpawnOptions = {},
): ChildProcess {
  const enter = namespace === null ? [] : ["ip", "netns", "exec", namespace];
  return spawn("setpriv", ["--pdeathsig", "KILL", "--", ...enter, ...argv], {
    ...options,
    env: { ...process.env, PATH: `${process.env.PATH ?? ""}:/usr/sbin:/sbin` },
  });
}

export const hasEnded = (child: ChildProcess): boolean =>
  child.exitCode !== null || child.signalCode !== null;

/** Resolves when `child` has ended; immediately if it has already ended. */
export function ended(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (hasEnded(child)) resolve();
    else
      child.once("exit", () => {
        resolve();
      });
  });
}

/**
 * Runs a program until it ends, and returns its standard output.
 *
 * @throws Error if the program cannot be started or fails. If the program fails, the message has the program's output.
 */
export function run(
  argv: readonly string[],
  { namespace = null, input = "" }: { namespace?: string | null; input?: string } = {},
): Promise<string> {
  const child = start(namespace, argv, { stdio: "pipe" });
  return new Promise((resolve, reject) => {
    const output = { stdout: "", stderr: "" };
    child.stdout?.on("data", (data: Buffer) => (output.stdout += data.toString()));
    child.stderr?.on("data", (data: Buffer) => (output.stderr += data.toString()));
    child.once("error", reject);
    child.once("close", (code) => {
      if (code === 0) resolve(output.stdout);
      else reject(new Error(`${argv.join(" ")}: ${(output.stderr || output.stdout).trim()}`));
    });
    // Writing fails if the program ends before it has read its input. This error is ignored.
    child.stdin?.on("error", () => undefined);
    child.stdin?.end(input);
  });
}
