import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { all, command } from "../core/command";
import { LOCAL, ROOT } from "../core/paths";
import { relay } from "../core/progress";
import { LAB_ENVIRONMENT } from "../stack/cloud-environment";

/** That the lab runs for this clone, so that `make down` stops it. */
const CLAIM = join(LOCAL, "lab-started");

/** Exit status of `lab/lab.sh status` where not one process of the lab runs. */
const NOTHING_RUNS = 3;

/**
 * To be called before the lab is started: where none of it runs yet, it will run for this clone. Whether
 * it exists does not tell, since its files outlive its processes.
 */
export function claimLab(env: NodeJS.ProcessEnv = process.env, claim = CLAIM): void {
  const { status } = spawnSync("lab/lab.sh", ["status"], { cwd: ROOT, env });
  if (status !== NOTHING_RUNS) return;
  mkdirSync(dirname(claim), { recursive: true, mode: 0o700 });
  writeFileSync(claim, "");
}

/** Whether the lab runs for this clone, and not for somebody who started it before. */
export const labIsClaimed = (claim = CLAIM): boolean => existsSync(claim);

/** Starts the lab cloud and gives it the golden images, building both side by side. */
export async function startLab(): Promise<void> {
  await all([
    command("lab/lab.sh", ["up"], { onLine: relay("lab") }),
    command("images/build.sh", [], { onLine: relay("images") }),
  ]);
  await command("images/upload.sh", [], {
    env: { ...process.env, ...LAB_ENVIRONMENT },
    onLine: relay("images"),
  });
}

export async function stopLab(): Promise<void> {
  await command("lab/lab.sh", ["down"], { onLine: relay("lab") });
  rmSync(CLAIM, { force: true });
}
