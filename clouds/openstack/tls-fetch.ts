import { request } from "node:https";
import { Readable } from "node:stream";
import type { TlsSettings } from "./tls-settings";

/** Method, headers and body of a request, as in the options of `fetch`. */
export interface RequestOptions {
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** Statuses with which the constructor of `Response` accepts no body. */
const NO_CONTENT = [204, 205, 304];

/**
 * Sends a request as `fetch` does. For an https URL, uses the TLS settings `tls` if they are defined. Follows no
 * redirects, because another host could receive the password.
 */
export function tlsFetch(
  url: string,
  init: RequestOptions & { readonly signal: AbortSignal },
  tls: TlsSettings | undefined,
): Promise<Response> {
  if (tls === undefined || !url.startsWith("https:")) {
    return fetch(url, { ...init, redirect: "manual" });
  }
  const { body, ...options } = init;
  return new Promise((resolve, reject) => {
    request(url, { ...options, ...tls }, (answer) => {
      const { statusCode: status = 0, headersDistinct } = answer;
      const headers = Object.entries(headersDistinct).flatMap(([name, values = []]) =>
        values.map((value): [string, string] => [name, value]),
      );
      const hasContent = !NO_CONTENT.includes(status);
      if (!hasContent) answer.resume();
      try {
        const content = hasContent ? (Readable.toWeb(answer) as ReadableStream) : null;
        const response = new Response(content, { status, headers });
        resolve(Object.defineProperty(response, "url", { value: url }));
      } catch (error) {
        answer.destroy();
        reject(error instanceof Error ? error : new Error(String(error))); // `Response` rejects an invalid HTTP status
      }
    })
      .on("error", reject)
      .end(body);
  });
}
