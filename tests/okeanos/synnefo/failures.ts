/** Failure of a request. With `lost`, the request still has its effect; otherwise it has none. */
export type Failure =
  | { readonly status: 413 | 500 | 503; readonly lost?: boolean }
  /** No answer is sent, and the connection stays open. */
  | { readonly silence: true; readonly lost?: boolean }
  /** The connection is reset. */
  | { readonly reset: true; readonly lost?: boolean };

export interface Seen {
  readonly method: string;
  readonly path: string;
}

/** Function that returns the failure of a request; undefined if the request does not fail. */
export type FailurePlan = (request: Seen) => Failure | undefined;

/** Returns a plan that fails only the next request for which `matches` returns true. */
export function failNext(matches: (request: Seen) => boolean, failure: Failure): FailurePlan {
  let spent = false;
  return (request) => {
    if (spent || !matches(request)) return undefined;
    spent = true;
    return failure;
  };
}

/** Returns the kind of a request: its method and path, without prefix and IDs, such as `DELETE servers/*`. */
export const kindOf = ({ method, path }: Seen): string =>
  `${method} ${path.replace(/^.*\/v\d\.\d\//, "").replace(/\b(?:\d+|[0-9a-f-]{36})(?=\/|$)/g, "*")}`;

/** Returns a plan that fails the first request of each kind. */
export function failEachOnce(failure: Failure): FailurePlan {
  const seen = new Set<string>();
  return (request) => {
    const kind = kindOf(request);
    if (seen.has(kind)) return undefined;
    seen.add(kind);
    return failure;
  };
}
