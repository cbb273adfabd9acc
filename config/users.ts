/** A user of the exchange as the operator wrote it, ranges taken apart. */
export interface ConfiguredUser {
  readonly extension: string;
  readonly name: string | null;
  /** Null where it is derived from the stack's master secret. */
  readonly secret: string | null;
}

/** `{ extension, name?, secret? }` or `{ range: "2000-2999" }`. */
export type UserEntry =
  | {
      readonly extension: string;
      readonly name?: string | undefined;
      readonly secret?: string | undefined;
    }
  | { readonly range: string };

/** The extensions of `2000-2999`, with the leading zeros that the range has. */
function* extensionsOf(range: string): Generator<string> {
  const [first = "", last = ""] = range.split("-");
  for (let number = Number(first); number <= Number(last); number++) {
    yield String(number).padStart(first.length, "0");
  }
}

/** All users in the order of the entries. */
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

/** Number of users in a range, without making them. */
export function rangeSize(range: string): number {
  const [first = "", last = ""] = range.split("-");
  return Number(last) - Number(first) + 1;
}
