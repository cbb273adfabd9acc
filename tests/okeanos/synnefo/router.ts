import type { IncomingHttpHeaders } from "node:http";
import { badRequest, notAllowed } from "./faults";

export interface ApiCall {
  /** Scheme, host and port of the request. The links in answers start with the origin. */
  readonly origin: string;
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** Values of the named parts of the route's path. */
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
  readonly handle: (call: ApiCall) => Answer;
}

/** Matches paths for which an unknown URL gets an API fault. Other unknown URLs get an HTML page with status 404. */
const APIS = /^\/(?:astakos\/(?:identity|account)|cyclades\/(?:compute|image|network|volume))\//;
const PAGE_NOT_FOUND: Answer = {
  status: 404,
  body: "<!DOCTYPE html><title>Page not found</title>",
  headers: { "content-type": "text/html; charset=utf-8" },
};

/**
 * Returns a route for a path, in which `{name}` stands for a number and `{name:pattern}` for other text. If the path
 * ends in a slash, the slash is required. Otherwise a slash or `.json` may follow.
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
  /** Requests that match no route, or whose handler threw an unexpected error. */
  readonly unknown: string[] = [];

  constructor(private readonly routes: readonly Route[]) {}

  answer(call: ApiCall): Answer {
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
