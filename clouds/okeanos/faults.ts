import { NodeError } from "../../core/errors";

/** What an API of Okeanos answered instead of doing what it was asked. */
export class ApiFault extends NodeError {
  /** The most exact of its words. */
  readonly reason: string;

  constructor(
    readonly status: number,
    /** For example `POST servers`. */
    request: string,
    words: string,
    details: string,
  ) {
    super(
      "okeanos",
      `${request} was answered ${String(status)}: ${[words, details].filter(Boolean).join(". ")}`,
    );
    this.reason = details || words;
  }
}

/** Nobody knows whether the request was carried out: there was no answer to it, or not its own. */
export class Uncertain extends NodeError {
  constructor(
    request: string,
    why: string,
    /** Whether it may still be on its way. */
    readonly mayFollow: boolean,
  ) {
    super("okeanos", `${request} has failed (${why}); run the same command again`);
  }
}

/** What does not get free: `network 3`, and the IDs of servers that use it, where one does. */
export function stillUsed(what: string, users: readonly (string | null)[]): NodeError {
  const servers = users.filter((user) => user !== null);
  return new NodeError(
    "okeanos",
    servers.length === 0
      ? `${what} does not get free, though no server uses it; run the same command again`
      : `${what} is still used by server ${servers.join(" and ")}; ` +
          "detach that server, or delete it, and run the same command again",
  );
}

/** A resource that exists and is not what it should be: Pulumi keeps it, and replaces it next time. */
export class Unfinished extends NodeError {
  constructor(
    node: string,
    fault: string,
    readonly id: string,
  ) {
    super(
      node,
      `${fault}. What there is of it is recorded, and replaced when the same command is run again`,
    );
  }
}

/** The words of a fault in an answer's body: `{ "itemNotFound": { message, code, details } }`. */
export function wordsOf(body: string): { readonly message: string; readonly details: string } {
  try {
    const [fault] = Object.values(JSON.parse(body) as Record<string, unknown>);
    const { message = "", details = "" } = (fault ?? {}) as Record<string, unknown>;
    return { message: String(message), details: String(details) };
  } catch {
    return { message: "", details: "" }; // a page for people, of whoever stands before the API
  }
}
