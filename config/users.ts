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

/** All users in the order of the entries, each with the index of the entry that it comes from. */
export function* expandUsers(
  entries: readonly UserEntry[],
): Generator<{ readonly entry: number; readonly user: ConfiguredUser }> {
  for (const [index, entry] of entries.entries()) {
    if ("range" in entry) {
      for (const extension of extensionsOf(entry.range)) {
        yield { entry: index, user: { extension, name: null, secret: null } };
      }
    } else {
      const { extension, name = null, secret = null } = entry;
      yield { entry: index, user: { extension, name, secret } };
    }
  }
}

/** Number of users in a range, without making them. */
export function rangeSize(range: string): number {
  const [first = "", last = ""] = range.split("-");
  return Number(last) - Number(first) + 1;
}
