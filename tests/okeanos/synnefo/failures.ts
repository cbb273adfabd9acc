/** How a request may go wrong. `lost` has its effect all the same; the others have none. */
export type Failure =
  | { readonly status: 413 | 500 | 503; readonly lost?: boolean }
  /** No answer at all, until the caller gives up. */
  | { readonly silence: true; readonly lost?: boolean }
  /** The connection breaks. */
  | { readonly reset: true; readonly lost?: boolean };

export interface Seen {
  readonly method: string;
  readonly path: string;
}

/** Which requests fail, and how. */
export type FailurePlan = (request: Seen) => Failure | undefined;

/** Fails the next request that `matches`, and no other. */
export function failNext(matches: (request: Seen) => boolean, failure: Failure): FailurePlan {
  let spent = false;
  return (request) => {
    if (spent || !matches(request)) return undefined;
    spent = true;
    return failure;
  };
}

/** A method, and the end of a path without its ids: `DELETE servers/*`. */
export const kindOf = ({ method, path }: Seen): string =>
  `${method} ${path.replace(/^.*\/v\d\.\d\//, "").replace(/\b(?:\d+|[0-9a-f-]{36})(?=\/|$)/g, "*")}`;

/** Fails each kind of request once. */
export function failEachOnce(failure: Failure): FailurePlan {
  const seen = new Set<string>();
  return (request) => {
    const kind = kindOf(request);
    if (seen.has(kind)) return undefined;
    seen.add(kind);
    return failure;
  };
}
