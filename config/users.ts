/** User from the configuration. A range of extensions is expanded to one user for each extension. */
export interface ConfiguredUser {
  readonly extension: string;
  readonly name: string | null;
  /** Null if the secret is derived from the stack's master secret. */
  readonly secret: string | null;
}

/** Entry of `pbx:users`: `{ extension, name?, secret? }` or `{ range: "2000-2999" }`. */
export type UserEntry =
  | {
      readonly extension: string;
      readonly name?: string | undefined;
      readonly secret?: string | undefined;
    }
  | { readonly range: string };

/** Yields the extensions of a range such as `2000-2999`. Keeps the leading zeros of the range. */
function* extensionsOf(range: string): Generator<string> {
  const [first = "", last = ""] = range.split("-");
  for (let number = Number(first); number <= Number(last); number++) {
    yield String(number).padStart(first.length, "0");
  }
}

/** Yields the users of all entries, in the order of the entries. */
export function* expandUsers(entries: readonly UserEntry[]): Generator<ConfiguredUser> {
  for (const entry of entries) {
    if ("range" in entry) {
      for (const extension of extensionsOf(entry.range)) {
        yield { extension, name: null, secret: null };
      }
    } else {
      const { extension, name = null, secret = null } = entry;
      yield { extension, name, secret };
    }
  }
}

/** Returns the number of users in a range without expanding the range. */
export function rangeSize(range: string): number {
  const [first = "", last = ""] = range.split("-");
  return Number(last) - Number(first) + 1;
}
