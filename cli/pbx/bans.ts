import { z } from "zod";
import { type Ban, bansOf, liftBan, type LockKey } from "../../nodes/haproxy/bans";
import { TIMEOUTS } from "../../ssh/connections";
import { OperatorError } from "../../core/errors";
import { table } from "../table";
import { type Command, printJson } from "./command";
import { durationText } from "./words";

const HELP = `Lists the source addresses that are locked, for one account or for all, and lifts a lock.

  npm run pbx -- bans
  npm run pbx -- bans --lift 203.0.113.7         the address, and all of its accounts
  npm run pbx -- bans --lift 203.0.113.7/1001    the address for one account

Refused log-ins lock (pbx:limits has the numbers), as do 40 connections without a log-in in a minute. A lock ends by
itself. The next one of a day lasts twice as long, except after a lift. Phones that were registered when
the lock began stay connected ("registered phones may").

Options:
  --lift SOURCE[/ACCOUNT]  the lock to lift
  --json                   for a program
  --stack NAME             the stack to look at (dev)
  -h, --help               this text`;

const HEAD = [
  "source",
  "account",
  "ends in",
  "because of",
  "locks in a day",
  "refused by zones",
  "",
];

/** @throws OperatorError unless `text` is `SOURCE` or `SOURCE/ACCOUNT`. */
export function lockKeyOf(text: string): LockKey {
  const [, source = "", account] = /^([^/]*)(?:\/([0-9A-Za-z._+*#-]{1,64}|\?))?$/.exec(text) ?? [];
  if (!z.ipv4().safeParse(source).success) {
    throw new OperatorError(
      `${JSON.stringify(text)} is no lock; write an address such as 203.0.113.7, or 203.0.113.7/1001`,
    );
  }
  return { source, account: account ?? null };
}

const nameOf = ({ source, account }: LockKey): string =>
  account === null ? source : `${source}/${account}`;

/** A row of the table. */
export const rowOf = (ban: Ban): string[] => [
  ban.source,
  ban.account ?? "all",
  durationText(ban.seconds),
  ban.reason,
  String(ban.times),
  String(ban.refused),
  ban.restricted ? "registered phones may" : "",
];

export const bans: Command = {
  help: HELP,
  operands: ["bans"],
  async run({ nodes, connections, json }, lift) {
    const key = lift === "" ? null : lockKeyOf(lift);
    const controller = await connections.controller(nodes.access, TIMEOUTS.look);
    if (key === null) {
      const found = await bansOf(controller);
      if (json) printJson(found);
      else console.log(found.length === 0 ? "no locks" : table(found.map(rowOf), HEAD));
      return;
    }
    const lifted = await liftBan(controller, key);
    if (lifted.length === 0) throw new OperatorError(`${nameOf(key)} is not locked`);
    if (json) printJson(lifted);
    else for (const lock of lifted) console.log(`${nameOf(lock)} is not locked any more`);
  },
};
