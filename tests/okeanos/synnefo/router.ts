import type { IncomingHttpHeaders } from "node:http";
import { badRequest, notAllowed } from "./faults";

export interface Call {
  /** Scheme, host and port that the request came to: links are made of it. */
  readonly origin: string;
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** What the path holds where the route's has a name. */
  readonly params: Readonly<Record<string, string>>;
}

export interface Answer {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Route {
  readonly method: string;
  readonly path: RegExp;
  readonly handle: (call: Call) => Answer;
}

/** Below these an unknown URL is a fault of the API; elsewhere it is a page that does not exist. */
const APIS = /^\/(?:astakos\/(?:identity|account)|cyclades\/(?:compute|image|network|volume))\//;
const PAGE_NOT_FOUND: Answer = {
  status: 404,
  body: "<!DOCTYPE html><title>Page not found</title>",
  headers: { "content-type": "text/html; charset=utf-8" },
};

/**
 * A route from a path with `{name}` for a number and `{name:pattern}` for other text. A path that
 * ends in a slash wants it; any other takes it, and `.json` as well.
 */
export function route(method: string, path: string, handle: Route["handle"]): Route {
  const pattern = path
    .replaceAll(".", "\\.")
    .replace(
      /\{(\w+)(?::([^}]+))?\}/g,
      (_, name: string, text = "\\d+") => `(?<${name}>${String(text)})`,
    );
  return {
    method,
    path: new RegExp(`^${pattern}${path.endsWith("/") ? "" : "(?:/|\\.json)?"}$`),
    handle,
  };
}

export class Router {
  /** Requests for what no route leads to. */
  readonly unknown: string[] = [];

  constructor(private readonly routes: readonly Route[]) {}

  answer(call: Call): Answer {
    const routes = this.routes.filter(({ path }) => path.test(call.path));
    const found = routes.find(({ method }) => method === call.method);
    if (found !== undefined) {
      return found.handle({ ...call, params: found.path.exec(call.path)?.groups ?? {} });
    }
    this.unknown.push(`${call.method} ${call.path}`);
    if (routes.length > 0) {
      throw notAllowed("Method not allowed");
    }
    if (APIS.test(call.path)) {
      throw badRequest("API endpoint not found");
    }
    return PAGE_NOT_FOUND;
  }
}
