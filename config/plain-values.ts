/** Keys whose values are lists or objects; Pulumi hands them over as JSON. */
const STRUCTURED: ReadonlySet<string> = new Set([
  "users",
  "codecs",
  "operatorCidrs",
  "autoscale",
  "limits",
]);

const BOOLEANS: ReadonlySet<string> = new Set(["drainForce", "okeanosReuseAddresses"]);

/** What the stack's configuration says, as plain values: it has them all as text. */
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
      return text; // the schema says what this is not
    }
  }
  return text;
}

/** The keys of this project, without `pbx:`, of a configuration as Pulumi hands it over. */
export function plainValues(config: Readonly<Record<string, string>>): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const [name, text] of Object.entries(config)) {
    const [namespace, key = ""] = name.split(":", 2);
    // An empty value is how Pulumi.yaml declares a key that has no default.
    if (namespace === "pbx" && text !== "") {
      values[key] = plainValue(key, text);
    }
  }
  return values;
}
