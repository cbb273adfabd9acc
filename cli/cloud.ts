import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { all, command } from "../core/command";
import { LAB_STATE, LOCAL, ROOT } from "../core/paths";
import { relay } from "./progress";

/** What every OpenStack client needs to find the lab cloud. */
export const LAB_ENVIRONMENT = {
  OS_CLOUD: "trunkline-lab",
  OS_CLIENT_CONFIG_FILE: join(LAB_STATE, "clouds.yaml"),
} as const;

/**
 * For a preview before there is any cloud: the provider wants an address, which it asks nothing of
 * until something has to be created. An update then fails on this name, and so says what is amiss.
 */
export const NO_CLOUD_ENVIRONMENT = {
  OS_AUTH_URL: "http://no-cloud-is-configured.invalid/v3",
} as const;

/**
 * Whether the environment names a cloud of the operator's, as every OpenStack client reads it: empty is
 * unset. What `make env` names where there is none is none.
 */
export function cloudIsConfigured(env: NodeJS.ProcessEnv = process.env): boolean {
  const isLab = Object.entries(LAB_ENVIRONMENT).every(([name, value]) => env[name] === value);
  const isNone = env.OS_AUTH_URL === NO_CLOUD_ENVIRONMENT.OS_AUTH_URL;
  return (Boolean(env.OS_CLOUD) && !isLab) || (Boolean(env.OS_AUTH_URL) && !isNone);
}

/**
 * What of `env` is by `make env`, emptied: it would go before the cloud that was named since, or beside it.
 * To be asked where that is so (`cloudIsConfigured`).
 */
export function withoutOurs(env: NodeJS.ProcessEnv): Record<string, string> {
  const { OS_CLOUD, OS_CLIENT_CONFIG_FILE } = LAB_ENVIRONMENT;
  const ours: string[] = [];
  if (env.OS_AUTH_URL === NO_CLOUD_ENVIRONMENT.OS_AUTH_URL) ours.push("OS_AUTH_URL");
  if (env.OS_CLIENT_CONFIG_FILE === OS_CLIENT_CONFIG_FILE) {
    ours.push("OS_CLIENT_CONFIG_FILE");
    if (env.OS_CLOUD === OS_CLOUD) ours.push("OS_CLOUD");
  }
  return Object.fromEntries(ours.map((name) => [name, ""]));
}

/** `env` without any cloud: what an openrc file has left there would go before a `clouds.yaml`. */
export const withoutCloud = (env: NodeJS.ProcessEnv): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith("OS_")));

/** Whether the lab cloud is up, or was and can be asked why it is not. */
export function labExists(): boolean {
  return existsSync(LAB_ENVIRONMENT.OS_CLIENT_CONFIG_FILE);
}

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
