import { existsSync } from "node:fs";
import { join } from "node:path";
import { LAB_STATE } from "../core/paths";

/** Environment variables with which OpenStack clients find the lab cloud. */
export const LAB_ENVIRONMENT = {
  OS_CLOUD: "trunkline-lab",
  OS_CLIENT_CONFIG_FILE: join(LAB_STATE, "clouds.yaml"),
} as const;

/**
 * Environment for a preview without a cloud. The OpenStack provider requires a URL, but a first preview sends no
 * request. An update fails with an error that contains this host name, which names the problem.
 */
export const NO_CLOUD_ENVIRONMENT = {
  OS_AUTH_URL: "http://no-cloud-is-configured.invalid/v3",
} as const;

/**
 * Returns whether the environment names a cloud of the operator. As in OpenStack clients, an empty variable
 * counts as unset. The values that `make env` sets for the lab, or without any cloud, do not count.
 */
export function cloudIsConfigured(env: NodeJS.ProcessEnv = process.env): boolean {
  const isLab = Object.entries(LAB_ENVIRONMENT).every(([name, value]) => env[name] === value);
  const isNone = env.OS_AUTH_URL === NO_CLOUD_ENVIRONMENT.OS_AUTH_URL;
  return (Boolean(env.OS_CLOUD) && !isLab) || (Boolean(env.OS_AUTH_URL) && !isNone);
}

/**
 * Returns empty values for the variables in `env` that `make env` set before the operator configured a cloud. Their
 * old values would override the settings of that cloud. Call this only if `cloudIsConfigured`.
 */
export function clearedVariables(env: NodeJS.ProcessEnv): Record<string, string> {
  const { OS_CLOUD, OS_CLIENT_CONFIG_FILE } = LAB_ENVIRONMENT;
  const ours: string[] = [];
  if (env.OS_AUTH_URL === NO_CLOUD_ENVIRONMENT.OS_AUTH_URL) ours.push("OS_AUTH_URL");
  if (env.OS_CLIENT_CONFIG_FILE === OS_CLIENT_CONFIG_FILE) {
    ours.push("OS_CLIENT_CONFIG_FILE");
    if (env.OS_CLOUD === OS_CLOUD) ours.push("OS_CLOUD");
  }
  return Object.fromEntries(ours.map((name) => [name, ""]));
}

/** Returns `env` without `OS_*` variables. Such variables from an openrc file would override a `clouds.yaml`. */
export const withoutCloud = (env: NodeJS.ProcessEnv): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith("OS_")));

/** Returns whether this machine has the state of a lab cloud. The lab may be stopped. */
export function labExists(): boolean {
  return existsSync(LAB_ENVIRONMENT.OS_CLIENT_CONFIG_FILE);
}
