import {
  specialOutputValueSig,
  specialSecretSig,
  specialSigKey,
  unknownValue,
} from "@pulumi/pulumi/runtime/rpc";

/** Properties as plain values, whatever is secret about them left out. */
export function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  const marked = value as Record<string, unknown>;
  switch (marked[specialSigKey]) {
    case specialSecretSig:
      return plain(marked.value);
    case specialOutputValueSig:
      return "value" in marked ? plain(marked.value) : unknownValue;
    default:
      return Object.fromEntries(Object.entries(marked).map(([key, inner]) => [key, plain(inner)]));
  }
}

/** During a preview, and of what is replaced: a value that is still to come. */
export const isUnknown = (value: unknown): boolean => value === unknownValue;

/** A value that Pulumi is to encrypt wherever it keeps it. */
export const secret = (value: unknown): unknown => ({
  [specialSigKey]: specialSecretSig,
  value,
});
