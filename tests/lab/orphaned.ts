import { readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { LocalWorkspace } from "@pulumi/pulumi/automation";
import { backendUrl } from "../../stack/backend";
import { repairKilledUpdate } from "../../stack/recovery";
import { isProcessAlive } from "../../core/process";
import { exportedStack, releaseDeadLock } from "../../stack/stack";

/** Its folders are named after the process that a deployment is made by. */
export const PREFIX = "trunkline-lab-";

/** File of the pass phrase in a deployment's folder: who comes later can destroy it as well. */
export const PASSPHRASE = "passphrase";

/** Where a deployment keeps its state, and what opens it. */
export const environmentOf = (folder: string): Record<string, string> => ({
  PULUMI_BACKEND_URL: backendUrl(`file://${join(folder, "state")}`),
  PULUMI_CONFIG_PASSPHRASE: readFileSync(join(folder, PASSPHRASE), "utf8"),
  PULUMI_CONFIG_PASSPHRASE_FILE: "",
});

/** Folders of deployments in `place` whose process is gone. */
export function orphanedIn(place: string): string[] {
  return readdirSync(place).flatMap((name) => {
    const [, pid] = /^trunkline-lab-(\d+)-/.exec(name) ?? [];
    if (pid === undefined) return [];
    const folder = join(place, name);
    // Written once, before there is a stack. Where there is none yet, there is nothing to destroy.
    const begun = statSync(join(folder, PASSPHRASE), { throwIfNoEntry: false })?.mtimeMs;
    return begun === undefined || isProcessAlive(Number(pid), begun, "jest") ? [] : [folder];
  });
}

/**
 * Destroys what test runs have left in the lab that were ended half-way: nobody else ever would. What
 * cannot be destroyed is said, and tried again by the next run.
 */
export async function destroyOrphaned(place: string): Promise<void> {
  for (const folder of orphanedIn(place)) {
    console.log(`destroying what a test run has left: ${folder}`);
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
      console.warn(`${folder} stays: ${(error as Error).message}`);
    }
  }
}
