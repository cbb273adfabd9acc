import { readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { LocalWorkspace } from "@pulumi/pulumi/automation";
import { isProcessAlive } from "../../core/process";
import { backendUrl } from "../../stack/backend";
import { releaseDeadLock } from "../../stack/lock";
import { repairKilledUpdate } from "../../stack/recovery";
import { exportedStack } from "../../stack/state";

/** Prefix of the name of a deployment's folder. After it comes the ID of the process that created the deployment. */
export const PREFIX = "trunkline-lab-";

/** Name of the passphrase's file in a deployment's folder. A later test run needs it to destroy the deployment. */
export const PASSPHRASE = "passphrase";

/** Returns the environment variables with which Pulumi opens the state of the deployment in `folder`. */
export const environmentOf = (folder: string): Record<string, string> => ({
  PULUMI_BACKEND_URL: backendUrl(`file://${join(folder, "state")}`),
  PULUMI_CONFIG_PASSPHRASE: readFileSync(join(folder, PASSPHRASE), "utf8"),
  PULUMI_CONFIG_PASSPHRASE_FILE: "",
});

/** Returns the folders in `place` of deployments whose process has ended. */
export function orphanedIn(place: string): string[] {
  return readdirSync(place).flatMap((name) => {
    const [, pid] = /^trunkline-lab-(\d+)-/.exec(name) ?? [];
    if (pid === undefined) return [];
    const folder = join(place, name);
    // The passphrase is written once, before the stack is created. Without the file, there is nothing to destroy.
    const start = statSync(join(folder, PASSPHRASE), { throwIfNoEntry: false })?.mtimeMs;
    return start === undefined || isProcessAlive(Number(pid), start, "jest") ? [] : [folder];
  });
}

/**
 * Destroys deployments of interrupted test runs in the lab. Prints a warning for a deployment that cannot be destroyed;
 * the next run tries again.
 */
export async function destroyOrphaned(place: string): Promise<void> {
  for (const folder of orphanedIn(place)) {
    console.log(`destroying the deployment of an interrupted test run: ${folder}`);
    try {
      const stack = await LocalWorkspace.selectStack(
        { stackName: "test", workDir: folder },
        { envVars: environmentOf(folder) },
      );
      await releaseDeadLock(stack);
      await repairKilledUpdate(stack, await exportedStack(stack));
      await stack.destroy({ color: "never" });
      rmSync(folder, { recursive: true });
    } catch (error) {
      console.warn(`the deployment in ${folder} cannot be destroyed: ${(error as Error).message}`);
    }
  }
}
