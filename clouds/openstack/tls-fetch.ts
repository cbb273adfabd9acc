import { Agent, fetch, type Response } from "undici";
import type { TlsSettings } from "./tls-settings";

/** Options of a request, as for `fetch`. */
export interface RequestOptions {
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

/**
 * Sends a request like `fetch`. Certificates are checked against the certificate authorities of the machine, or as `tls`
 * says; such a connection is not kept. Follows no redirect: the other address would get the password.
 */
export const tlsFetch = (
  url: string,
  request: RequestOptions & { readonly signal: AbortSignal },
  tls: TlsSettings | undefined,
): Promise<Response> =>
  fetch(url, {
    ...request,
    redirect: "manual",
    ...(tls === undefined ? {} : { dispatcher: new Agent({ connect: tls, pipelining: 0 }) }),
  });
