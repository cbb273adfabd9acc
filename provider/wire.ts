/**
 * How Pulumi marks secrets, outputs and unknown values inside the properties that it hands a provider
 * (pulumi/sdk, proto/pulumi/provider.proto and resource/plugin/rpc.go).
 */

const SIGNATURE = "4dabf18193072939515e22adb298388d";
const SECRET = "1b47061264138c4ac30d75fd1eb44270";
const OUTPUT = "d0e6a833031e9bbcd3f4e8bde6ca49a4";
const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

/** Whether a value will be known only when something else has been made. */
export const isUnknown = (value: unknown): boolean => value === UNKNOWN;

/** Properties as plain values, whatever is secret about them left out. */
export function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  const marked = value as Record<string, unknown>;
  switch (marked[SIGNATURE]) {
    case SECRET:
      return plain(marked.value);
    case OUTPUT:
      return "value" in marked ? plain(marked.value) : UNKNOWN;
    default:
      return Object.fromEntries(Object.entries(marked).map(([key, inner]) => [key, plain(inner)]));
  }
}

/** A value that Pulumi is to encrypt wherever it keeps it. */
export const secret = (value: unknown): unknown => ({ [SIGNATURE]: SECRET, value });
