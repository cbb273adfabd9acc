import { existsSync } from "node:fs";
import { join } from "node:path";
import { LAB_STATE } from "../core/paths";

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
