import { request } from "node:https";
import { Readable } from "node:stream";
import type { TlsSettings } from "./tls-settings";

/** What is asked of `fetch` here. */
export interface Asked {
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** Statuses of answers without content: `Response` takes none for them. */
const NO_CONTENT = [204, 205, 304];

/**
 * `fetch`, which checks all certificates by what the machine trusts, or by what `tls` says. Follows no
 * redirect: another address would get the password.
 */
export function tlsFetch(
  url: string,
  asked: Asked & { readonly signal: AbortSignal },
  tls: TlsSettings | undefined,
): Promise<Response> {
  if (tls === undefined || !url.startsWith("https:")) {
    return fetch(url, { ...asked, redirect: "manual" });
  }
  const { body, ...options } = asked;
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
        reject(error instanceof Error ? error : new Error(String(error))); // a status that HTTP does not have
      }
    })
      .on("error", reject)
      .end(body);
  });
}
