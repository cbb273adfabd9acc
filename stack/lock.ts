import { existsSync, readdirSync, readFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Stack } from "@pulumi/pulumi/automation";
import { isProcessAlive } from "../core/process";

/** Content of the lock file of an update in a `file:` backend. */
interface Lock {
  readonly pid: number;
  readonly hostname: string;
  readonly timestamp: string;
}

/**
 * Returns whether a process of this machine took a lock and has ended. Returns false for a file that cannot be read,
 * because a process may be writing or removing it.
 */
function isDead(file: string): boolean {
  try {
    const { pid, hostname: host, timestamp } = JSON.parse(readFileSync(file, "utf8")) as Lock;
    return host === hostname() && !isProcessAlive(pid, Date.parse(timestamp), "pulumi");
  } catch {
    return false;
  }
}

/**
 * Removes the lock of a killed update, as `pulumi cancel` does, so that another update can start. Keeps
 * the lock of a running process and the lock of another machine. Does nothing if the URL of the backend does not start
 * with `file:///`.
 */
export async function releaseDeadLock(stack: Stack): Promise<void> {
  const backend =
    stack.workspace.envVars.PULUMI_BACKEND_URL ?? process.env.PULUMI_BACKEND_URL ?? "";
  if (!backend.startsWith("file:///")) return;
  const folder = join(
    fileURLToPath(backend),
    ".pulumi",
    "locks",
    "organization",
    "pbx",
    stack.name,
  );
  const locks = existsSync(folder)
    ? readdirSync(folder)
        .filter((file) => file.endsWith(".json"))
        .map((file) => join(folder, file))
    : [];
  if (locks.length > 0 && locks.every(isDead)) await stack.cancel();
}
