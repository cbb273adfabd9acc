import { request } from "node:https";
import { buffer } from "node:stream/consumers";
import type { TlsSettings } from "./tls-settings";

/** What is asked of `fetch` here. */
export interface Asked {
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

/**
 * `fetch`, which checks all certificates by what the machine trusts. Where `tls` says otherwise, no
 * redirection is followed.
 */
export function tlsFetch(
  url: string,
  asked: Asked & { readonly signal: AbortSignal },
  tls: TlsSettings | undefined,
): Promise<Response> {
  if (tls === undefined || !url.startsWith("https:")) return fetch(url, asked);
  const { body, ...options } = asked;
  return new Promise((resolve, reject) => {
    request(url, { ...options, ...tls }, (answer) => {
      const { statusCode: status = 0, headersDistinct } = answer;
      const headers = Object.entries(headersDistinct).flatMap(([name, values = []]) =>
        values.map((value): [string, string] => [name, value]),
      );
      buffer(answer)
        .then((content) => {
          // A Response without content, such as that to DELETE, has no room for an empty one.
          const response = new Response(content.length === 0 ? null : content, { status, headers });
          resolve(Object.defineProperty(response, "url", { value: url }));
        })
        .catch(reject);
    })
      .on("error", reject)
      .end(body);
  });
}
