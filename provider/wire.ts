import {
  specialOutputValueSig,
  specialSecretSig,
  specialSigKey,
  unknownValue,
} from "@pulumi/pulumi/runtime/rpc";

/** Returns properties as plain values, without Pulumi's secret and output markers. */
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

/** Returns whether a value is not known yet: an output of a resource that is about to be created or replaced. */
export const isUnknown = (value: unknown): boolean => value === unknownValue;

/** Marks a value as secret, so that Pulumi stores it encrypted. */
export const secret = (value: unknown): unknown => ({
  [specialSigKey]: specialSecretSig,
  value,
});
