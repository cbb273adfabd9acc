import * as runtime from "@pulumi/pulumi/runtime/config";
import { plainValues } from "./plain-values";
import { parseSettings, type Settings } from "./schema";

/**
 * Reads and validates the stack's configuration before any resource is registered. The values are not Outputs, because
 * they decide which resources exist. So code that passes a secret value to a resource must mark it as a secret again.
 *
 * @throws ConfigError that lists every fault.
 */
export function loadSettings(): Settings {
  return parseSettings(plainValues(runtime.allConfig()), isEncrypted);
}

/**
 * Returns whether the stack stores the value of a key encrypted. Calls an internal function of Pulumi, because the
 * public API only warns when a program reads a secret as plain text, and does not return whether a value is a secret.
 */
function isEncrypted(key: string): boolean {
  const { isConfigSecret } = runtime as unknown as { isConfigSecret: (key: string) => boolean };
  return isConfigSecret(`pbx:${key}`);
}
