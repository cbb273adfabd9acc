import { readFileSync } from "node:fs";
import { join } from "node:path";

/** Recorded request to Synnefo's own API servers, and its answer. */
export interface RecordedExchange {
  /** Position in the recording, counted from 1. */
  readonly number: number;
  readonly method: string;
  /** URL, with `{ast}` and `{cyc}` for the roots of Astakos and Cyclades. */
  readonly url: string;
  readonly body: string | undefined;
  readonly status: number;
  readonly contentType: string;
  /** Last-Modified of the answer, in milliseconds since 1970; undefined for HTML pages, which have none. */
  readonly time: number | undefined;
  readonly answer: string;
}

const EXCHANGE = /^(\w+) (\S+)\n> (.*)\n< (\d+) (\{.*\})\n?([\s\S]*)$/;

/** Reads the recording in exchanges.txt. The top of that file describes the recording. */
export function readExchanges(): RecordedExchange[] {
  const text = readFileSync(join(__dirname, "exchanges.txt"), "utf8");
  return text
    .split("\n### ")
    .slice(1)
    .map((block, index) => {
      const [, method = "", url = "", body, status, headers = "", answer = ""] =
        EXCHANGE.exec(block) ?? [];
      const header = (name: string): string =>
        new RegExp(`'${name}': '([^']*)'`).exec(headers)?.[1] ?? "";
      const time = Date.parse(header("Last-Modified"));
      return {
        number: index + 1,
        method,
        url,
        body: body === "None" ? undefined : body,
        status: Number(status),
        contentType: header("Content-Type"),
        time: Number.isNaN(time) ? undefined : time,
        answer: answer.trim(),
      };
    });
}
