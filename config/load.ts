import * as runtime from "@pulumi/pulumi/runtime/config";
import { parseSettings, type Settings } from "./schema";

/** Keys whose values are lists; Pulumi hands them over as JSON. */
const LISTS: ReadonlySet<string> = new Set(["users", "codecs", "operatorCidrs"]);

const BOOLEANS: ReadonlySet<string> = new Set(["drainForce", "okeanosReuseAddresses"]);

/** What the stack's configuration says, as plain values: it has them all as text. */
function plainValue(key: string, text: string): unknown {
  if (key === "zones") {
    return /^-?[0-9]+$/.test(text) ? Number(text) : text;
  }
  if (BOOLEANS.has(key) && (text === "true" || text === "false")) {
    return text === "true";
  }
  if (LISTS.has(key)) {
    try {
      return JSON.parse(text) as unknown;
    } catch {
      return text; // the schema says that this is not a list
    }
  }
  return text;
}

/**
 * Reads the stack's configuration, strictly and at once, before any resource is registered. It is
 * read plain, since it decides which resources exist; what is secret of it is wrapped again where
 * it is used.
 *
 * @throws ConfigError naming every fault.
 */
export function loadSettings(): Settings {
  const raw: Record<string, unknown> = {};
  for (const [name, text] of Object.entries(runtime.allConfig())) {
    const [namespace, key = ""] = name.split(":", 2);
    // An empty value is how Pulumi.yaml declares a key that has no default.
    if (namespace === "pbx" && text !== "") {
      raw[key] = plainValue(key, text);
    }
  }
  return parseSettings(raw, isEncrypted);
}

/**
 * Pulumi keeps this question to itself; what it offers instead is a warning whenever a secret is
 * read plain.
 */
function isEncrypted(key: string): boolean {
  const { isConfigSecret } = runtime as unknown as { isConfigSecret: (key: string) => boolean };
  return isConfigSecret(`pbx:${key}`);
}
