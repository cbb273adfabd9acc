import * as runtime from "@pulumi/pulumi/runtime/config";
import { plainValues } from "./plain-values";
import { parseSettings, type Settings } from "./schema";

/**
 * Reads the stack's configuration, strictly and at once, before any resource is registered. It is
 * read plain, since it decides which resources exist; what is secret of it is wrapped again where
 * it is used.
 *
 * @throws ConfigError naming every fault.
 */
export function loadSettings(): Settings {
  return parseSettings(plainValues(runtime.allConfig()), isEncrypted);
}

/**
 * Pulumi keeps this question to itself; what it offers instead is a warning whenever a secret is
 * read plain.
 */
function isEncrypted(key: string): boolean {
  const { isConfigSecret } = runtime as unknown as { isConfigSecret: (key: string) => boolean };
  return isConfigSecret(`pbx:${key}`);
}
