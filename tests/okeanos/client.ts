import type { Okeanos } from "./synnefo";

export interface Reply {
  readonly status: number;
  /** JSON body; an empty object if the answer has none. */
  readonly body: Readonly<Record<string, unknown>>;
}

export type Ask = (method: string, path: string, body?: unknown) => Promise<Reply>;

/**
 * Returns a function that sends requests to `okeanos`. Paths start below the root of Astakos or Cyclades.
 *
 * @param token token to send; null to send none. By default, the first user's token.
 */
export const client =
  ({ origin, token: own }: Okeanos, token: string | null = own): Ask =>
  async (method, path, body) => {
    const root = /^\/(?:identity|account)\//.test(path) ? "/astakos" : "/cyclades";
    const response = await fetch(`${origin}${root}${path}`, {
      method,
      headers: {
        ...(token !== null && { "x-auth-token": token }),
        ...(body !== undefined && { "content-type": "application/json" }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    const json = response.headers.get("content-type")?.startsWith("application/json") === true;
    return {
      status: response.status,
      body: json && text !== "" ? (JSON.parse(text) as Reply["body"]) : {},
    };
  };

/** Time for a simulated cloud. Only `pass` advances the time. */
export class TestTime {
  private now = Date.parse("2026-11-23T16:00:00Z");
  readonly read = (): number => this.now;

  pass(milliseconds: number): void {
    this.now += milliseconds;
  }
}
