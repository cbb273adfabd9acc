import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { all, command } from "../core/command";
import { LOCAL, ROOT } from "../core/paths";
import { relay } from "../core/progress";
import { LAB_ENVIRONMENT } from "../stack/cloud-environment";

/** File that records that this clone started the lab, so that `make down` stops the lab. */
const CLAIM = join(LOCAL, "lab-started");

/** Exit status of `lab/lab.sh status` if no process of the lab runs. */
const NOTHING_RUNS = 3;

/**
 * Records that this clone starts the lab, unless a process of the lab already runs. Call this function before the lab
 * is started. The files of the lab do not show whether the lab runs, because the files remain when the processes end.
 */
export function claimLab(env: NodeJS.ProcessEnv = process.env, claim = CLAIM): void {
  const { status } = spawnSync("lab/lab.sh", ["status"], { cwd: ROOT, env });
  if (status !== NOTHING_RUNS) return;
  mkdirSync(dirname(claim), { recursive: true, mode: 0o700 });
  writeFileSync(claim, "");
}

export const labIsClaimed = (claim = CLAIM): boolean => existsSync(claim);

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
