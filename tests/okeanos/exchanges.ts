import { readFileSync } from "node:fs";
import { join } from "node:path";

/** A request that was sent to Synnefo's own servers, and what they answered. */
export interface Exchange {
  /** Counted from 1. */
  readonly number: number;
  readonly method: string;
  /** With `{ast}` and `{cyc}` for where Astakos and Cyclades are. */
  readonly url: string;
  readonly body: string | undefined;
  readonly status: number;
  readonly contentType: string;
  /** When it was answered, in milliseconds; unknown of pages. */
  readonly time: number | undefined;
  readonly answer: string;
}

const EXCHANGE = /^(\w+) (\S+)\n> (.*)\n< (\d+) (\{.*\})\n?([\s\S]*)$/;

/** Reads the recording beside this file, which says at its top what it is. */
export function readExchanges(): Exchange[] {
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
