import { z } from "zod";
import { clockTime } from "../../core/duration";
import { OperatorError } from "../../core/errors";
import { type Lock, listLocks, liftLock, type LockKey } from "../../nodes/haproxy/locks";
import { TIMEOUTS } from "../../ssh/connections";
import { table } from "../terminal";
import { type Command, printJson } from "./pbx-context";

const HELP = `Lists the source addresses that are locked, for one account or for all, and lifts a lock.

  npm run pbx -- bans
  npm run pbx -- bans --lift 203.0.113.7         lift all locks of the address
  npm run pbx -- bans --lift 203.0.113.7/1001    lift the lock of the address for one account

An address is locked after refused log-ins (see pbx:limits). An address that has not logged in for seven
days is also locked if, within a minute, 40 of its connections end without a log-in. A lock ends
automatically. Each further lock within a day lasts twice as long, up to a day. Lifting a lock resets this.
"registered phones stay": the lock does not affect phones that are registered from the address.

Options:
  --lift SOURCE[/ACCOUNT]  the lock to lift
  --json                   print JSON
  --stack NAME             the stack to use (default: PULUMI_STACK, or dev)
  -h, --help               print this text`;

const HEAD = ["source", "account", "ends in", "reason", "locks in a day", "refused by zones", ""];

/** Parses the name of a lock. @throws OperatorError unless `text` is `SOURCE` or `SOURCE/ACCOUNT` */
export function lockKeyOf(text: string): LockKey {
  const [, source = "", account] = /^([^/]*)(?:\/([0-9A-Za-z._+*#-]{1,64}|\?))?$/.exec(text) ?? [];
  if (!z.ipv4().safeParse(source).success) {
    throw new OperatorError(
      `${JSON.stringify(text)} is not a lock; use an address such as 203.0.113.7, or 203.0.113.7/1001`,
    );
  }
  return { source, account: account ?? null };
}

const nameOf = ({ source, account }: LockKey): string =>
  account === null ? source : `${source}/${account}`;

export const rowOf = (lock: Lock): string[] => [
  lock.source,
  lock.account ?? "all",
  clockTime(lock.seconds),
  lock.reason,
  String(lock.times),
  String(lock.refused),
  lock.restricted ? "registered phones stay" : "",
];

export const bans: Command = {
  help: HELP,
  operands: ["bans"],
  async run({ nodes, connections, json }, lift) {
    const key = lift === "" ? null : lockKeyOf(lift);
    const controller = await connections.controller(nodes.access, TIMEOUTS.read);
    if (key === null) {
      const found = await listLocks(controller);
      if (json) printJson(found);
      else console.log(found.length === 0 ? "no locks" : table(found.map(rowOf), HEAD));
      return;
    }
    const lifted = await liftLock(controller, key);
    if (lifted.length === 0) throw new OperatorError(`${nameOf(key)} is not locked`);
    if (json) printJson(lifted);
    else for (const lock of lifted) console.log(`${nameOf(lock)} is no longer locked`);
  },
};
