import type { z } from "zod";
import { settingsSchema } from "./schema";

/** Definition of a zod schema that may wrap another schema. */
interface Wrapper {
  readonly innerType?: z.core.$ZodType;
  readonly in?: z.core.$ZodType;
}

/** Returns zod's name for the type of the values of a schema: `number`, `boolean`, `array`, `object`, … */
function typeOf(schema: z.core.$ZodType): string {
  const { innerType, in: input } = schema._zod.def as Wrapper;
  const inner = innerType ?? input;
  return inner === undefined ? schema._zod.def.type : typeOf(inner);
}

const TYPES: ReadonlyMap<string, string> = new Map(
  Object.entries(settingsSchema.shape).map(([key, schema]) => [key, typeOf(schema)]),
);

/**
 * Converts the text of a configuration value to the type of the key's schema. Returns text that cannot be converted
 * unchanged, so that the schema reports it.
 */
function plainValue(key: string, text: string): unknown {
  switch (TYPES.get(key) ?? "unknown") {
    case "number":
      return /^-?[0-9]+$/.test(text) ? Number(text) : text;
    case "boolean":
      return text === "true" || text === "false" ? text === "true" : text;
    case "array":
    case "object":
      try {
        return JSON.parse(text) as unknown;
      } catch {
        return text;
      }
    default:
      return text;
  }
}

/** Returns the values that are set for this project's keys. Removes the `pbx:` prefix from the keys. */
export function plainValues(config: Readonly<Record<string, string>>): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const [name, text] of Object.entries(config)) {
    const [namespace, key = ""] = name.split(":", 2);
    // A key with an empty value is not set. Pulumi.yaml gives an empty value to each key that has no default.
    if (namespace === "pbx" && text !== "") {
      values[key] = plainValue(key, text);
    }
  }
  return values;
}
