import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { ROOT } from "../../core/paths";
import type { Deployment } from "./deployment";

/** Copies the autoscaler into the folder of the deployment. An autoscaler uses the stack of its own folder. */
export function cloneAutoscaler({ directory }: Deployment): void {
  for (const name of [
    "autoscaler",
    "cli",
    "clouds",
    "config",
    "core",
    "guard",
    "nodes",
    "phones",
    "plan",
    "provider",
    "ssh",
    "stack",
    "templates",
    "tools",
  ]) {
    rmSync(join(directory, name), { force: true });
    cpSync(join(ROOT, name), join(directory, name), { recursive: true, verbatimSymlinks: true });
  }
}

/** Returns the process IDs of the children of all threads of `pid` (proc_pid_task(5)); none if `pid` has ended. */
function childrenOf(pid: number): number[] {
  const tasks = `/proc/${String(pid)}/task`;
  const threads = existsSync(tasks) ? readdirSync(tasks) : [];
  return threads.flatMap((thread) => {
    const list = join(tasks, thread, "children");
    const children = existsSync(list) ? readFileSync(list, "utf8").trim() : "";
    return children === "" ? [] : children.split(" ").map(Number);
  });
}

export class AutoscalerProcess {
  private readonly lines: { readonly at: number; readonly line: string }[] = [];
  private readonly ended: Promise<unknown>;

  private constructor(private readonly child: ChildProcess) {
    this.ended = once(child, "exit");
    for (const stream of [child.stdout, child.stderr]) {
      if (stream === null) continue;
      createInterface({ input: stream }).on("line", (line) => {
        console.log(line);
        this.lines.push({ at: Date.now(), line });
      });
    }
  }

  static start({ directory, stack }: Deployment, ...options: string[]): AutoscalerProcess {
    const args = ["--import", "tsx", "cli/autoscale.ts", "--stack", stack.name, ...options];
    const { envVars } = stack.workspace;
    return new AutoscalerProcess(
      spawn(process.execPath, args, { cwd: directory, env: { ...process.env, ...envVars } }),
    );
  }

  /** Returns the time of the first line that matches `pattern`, in milliseconds since 1970; null if no line matches. */
  saidAt(pattern: RegExp): number | null {
    return this.lines.find(({ line }) => pattern.test(line))?.at ?? null;
  }

  /** Waits for the exit. Returns the exit code; null if a signal ended the process. */
  async exit(): Promise<number | null> {
    await this.ended;
    return this.child.exitCode;
  }

  terminate(): void {
    this.child.kill("SIGTERM");
  }

  async kill({ withChildren }: { readonly withChildren: boolean }): Promise<void> {
    const { pid = 0 } = this.child;
    for (const victim of [pid, ...(withChildren ? childrenOf(pid) : [])]) {
      try {
        process.kill(victim, "SIGKILL");
      } catch (error) {
        // The process has already ended.
        if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
      }
    }
    await this.ended;
  }
}
