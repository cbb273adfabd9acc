/** Keys whose values are lists or objects. Pulumi passes them as JSON. */
const STRUCTURED: ReadonlySet<string> = new Set([
  "users",
  "codecs",
  "operatorCidrs",
  "autoscale",
  "limits",
]);

const BOOLEANS: ReadonlySet<string> = new Set(["drainForce", "okeanosReuseAddresses"]);

/** Converts a value of the stack's configuration from text to a plain value. */
function plainValue(key: string, text: string): unknown {
  if (key === "zones") {
    return /^-?[0-9]+$/.test(text) ? Number(text) : text;
  }
  if (BOOLEANS.has(key) && (text === "true" || text === "false")) {
    return text === "true";
  }
  if (STRUCTURED.has(key)) {
    try {
      return JSON.parse(text) as unknown;
    } catch {
      return text; // the schema reports the fault
    }
  }
  return text;
}

/** Returns the values of this project's keys. Pulumi's `pbx:` prefix is removed from the keys. */
export function plainValues(config: Readonly<Record<string, string>>): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const [name, text] of Object.entries(config)) {
    const [namespace, key = ""] = name.split(":", 2);
    // Pulumi.yaml declares a key without a default with an empty value.
    if (namespace === "pbx" && text !== "") {
      values[key] = plainValue(key, text);
    }
  }
  return values;
}
