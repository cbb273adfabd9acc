import { randomBytes } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { command } from "../core/command";
import { LOCAL } from "../core/paths";
import { backendUrl } from "./backend";
import {
  cloudIsConfigured,
  LAB_ENVIRONMENT,
  labExists,
  NO_CLOUD_ENVIRONMENT,
  clearedVariables,
} from "./cloud-environment";

/** Writes `content` to a new file that only its owner can read. Keeps an existing file unchanged. */
function writeOnce(path: string, content: () => string): void {
  try {
    writeFileSync(path, content(), { mode: 0o600, flag: "wx" });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") {
      throw error;
    }
  }
}

/**
 * Returns the variables for Pulumi's backend and for the passphrase that encrypts secrets. Uses what the environment
 * configures. By default, the backend is a directory of this clone, and a random passphrase is generated once.
 */
function pulumiBackend(env: NodeJS.ProcessEnv): Record<string, string> {
  const settings: Record<string, string> = {};
  const state = join(LOCAL, "state");
  mkdirSync(state, { recursive: true, mode: 0o700 });
  if (env.PULUMI_BACKEND_URL) {
    settings.PULUMI_BACKEND_URL = backendUrl(env.PULUMI_BACKEND_URL);
  } else if (!env.PULUMI_ACCESS_TOKEN) {
    settings.PULUMI_BACKEND_URL = backendUrl(`file://${state}`);
  }
  if (!env.PULUMI_CONFIG_PASSPHRASE && !env.PULUMI_CONFIG_PASSPHRASE_FILE) {
    const passphrase = join(LOCAL, "passphrase");
    writeOnce(passphrase, () => randomBytes(32).toString("base64url"));
    settings.PULUMI_CONFIG_PASSPHRASE_FILE = passphrase;
  }
  return settings;
}

function cloud(env: NodeJS.ProcessEnv): Record<string, string> {
  if (cloudIsConfigured(env)) {
    return clearedVariables(env);
  }
  // Clears both variables: an earlier `make env` may have set OS_CLOUD with a lab, or OS_AUTH_URL without a lab.
  const none = { OS_CLOUD: "", OS_AUTH_URL: "" };
  return { ...none, ...(labExists() ? LAB_ENVIRONMENT : NO_CLOUD_ENVIRONMENT) };
}

/**
 * Returns the variables that `pulumi` needs in addition to the caller's environment: for the toolchain, the
 * backend and the cloud.
 *
 * @throws OperatorError if the tools are not installed.
 */
export async function projectEnvironment(
  env: NodeJS.ProcessEnv = process.env,
): Promise<Record<string, string>> {
  const printed = await command("bash", ["-c", 'set -e; t=$(tools/env.sh); eval "$t"; env -0'], {
    env,
  });
  const withTools = new Map(
    printed
      .split("\0")
      .filter((entry) => entry.includes("="))
      .map((entry): [string, string] => {
        const split = entry.indexOf("=");
        return [entry.slice(0, split).replace(/^\n/, ""), entry.slice(split + 1)];
      }),
  );
  const ofTools = [...withTools].filter(
    ([name, value]) => env[name] !== value && !["_", "SHLVL", "PWD", "OLDPWD"].includes(name),
  );
  return {
    ...Object.fromEntries(ofTools),
    ...pulumiBackend(env),
    ...cloud(env),
  };
}
