import { NodeError } from "../../core/errors";

/** An error response of an Okeanos API: the API refused the request. */
export class ApiFault extends NodeError {
  /** The details of the response if there are any, else its message. */
  readonly reason: string;

  constructor(
    readonly status: number,
    /** Method and path, for example `POST servers`. */
    request: string,
    words: string,
    details: string,
  ) {
    super(
      "okeanos",
      `${request} returned ${String(status)}: ${[words, details].filter(Boolean).join(". ")}`,
    );
    this.reason = details || words;
  }
}

/**
 * Error of a request that got no response, a response that is not JSON, or a temporary error such as status 503. It is
 * unknown whether the API executed the request.
 */
export class UnknownResult extends NodeError {
  constructor(
    request: string,
    why: string,
    /** Whether the API may still execute the request later. */
    readonly mayStillExecute: boolean,
  ) {
    super("okeanos", `${request} failed (${why}); run the same command again`);
  }
}

/**
 * Returns the error for a resource that was not released in time.
 *
 * @param what for example `network 3`.
 * @param users IDs of the servers that use the resource. Null IDs are ignored.
 */
export function stillUsed(what: string, users: readonly (string | null)[]): NodeError {
  const servers = users.filter((user) => user !== null);
  return new NodeError(
    "okeanos",
    servers.length === 0
      ? `${what} was not released, although no server uses it; run the same command again`
      : `${what} is still used by server ${servers.join(" and ")}; ` +
          "detach that server, or delete it, and run the same command again",
  );
}

/** Error of a creation that left an incomplete resource. Pulumi records the resource. The next update replaces it. */
export class IncompleteResource extends NodeError {
  constructor(
    node: string,
    fault: string,
    readonly id: string,
  ) {
    super(
      node,
      `${fault}. The incomplete resource is recorded; run the same command again to replace it`,
    );
  }
}

/** Returns the texts of an error response: `{ "itemNotFound": { message, code, details } }`. */
export function errorTexts(body: string): { readonly message: string; readonly details: string } {
  try {
    const [fault] = Object.values(JSON.parse(body) as Record<string, unknown>);
    const { message = "", details = "" } = (fault ?? {}) as Record<string, unknown>;
    return { message: String(message), details: String(details) };
  } catch {
    return { message: "", details: "" }; // for example the HTML page of a proxy in front of the API
  }
}
