/**
 * Schema of `pbx:limits`: the limits of one source address and of one account.
 *
 * @packageDocumentation
 */

import { z } from "zod";
import { durationSchema } from "../core/duration";

/** Maximum of a limit that has no maximum of its own. No exchange needs more, so a larger number is a typing error. */
const MAX = 1_000_000;

const whole = (byDefault: number, max = MAX, min = 1) =>
  z
    .int({ error: `is not a whole number; write one such as ${String(byDefault)}` })
    .min(min, { error: `is less than ${String(min)}; write a number such as ${String(byDefault)}` })
    .max(max, { error: `is more than ${String(max)}; write a number such as ${String(byDefault)}` })
    .default(byDefault);

/**
 * Fields of `pbx:limits`. The defaults suit an office of 250 phones behind one address. Each phone may have
 * its previous connection open besides the current one.
 */
const shape = {
  /** Maximum number of open connections from a source address with a log-in in the last seven days. */
  connectionsPerSource: whole(600),
  /**
   * Maximum number of open connections from a source address without a log-in in the last seven days. The same number
   * is the maximum of KiB per second that HAProxy reads from such an address.
   */
  connectionsPerUnknownSource: whole(40),
  /** Maximum number of new connections per second from a source address, averaged over ten seconds. */
  connectionRate: whole(50),
  /**
   * Maximum number of bytes per second from a source address, averaged over ten seconds. The allowed minimum of this
   * field leaves room for some registrations.
   */
  bytesPerSecond: whole(200_000, 100_000_000, 10_000),
  /**
   * Seconds in which a connection must send its first request. Then a phone must log in within the same number of
   * seconds. A zone with slow log-ins gets more time for the log-in.
   */
  loginTime: durationSchema({ min: 2, max: 60, example: "5s" }).prefault("5s"),
  /** Number of refused log-ins of one account in ten minutes that locks the source address for this account. */
  failuresPerAccount: whole(10),
  /** Number of refused log-ins of all accounts in ten minutes that locks the source address for all accounts. */
  failuresPerSource: whole(100),
  /** Seconds of the first lock. Each earlier lock in the last day doubles the seconds, up to a day. */
  lockTime: durationSchema({ min: 10, max: 24 * 3600, example: "1m" }).prefault("1m"),
  /** Maximum number of simultaneous calls that an account has placed in one zone, including ringing and held calls. */
  callsPerAccount: whole(4, 500),
  /**
   * Number of calls that an account may start in one zone without a pause. Then one call is allowed in each period of
   * 60 s divided by this number.
   */
  callsPerMinute: whole(30, 10_000),
};

const EXAMPLE = "{ connectionsPerSource: 600 }";

export const limitsSchema = z.strictObject(shape, {
  error: (issue) =>
    issue.code === "unrecognized_keys"
      ? `has unknown fields (${issue.keys.join(", ")}); it takes ${Object.keys(shape).join(", ")}`
      : `is not an object; write one such as ${EXAMPLE}`,
});

export type Limits = z.output<typeof limitsSchema>;
