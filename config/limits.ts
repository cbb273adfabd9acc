/**
 * Schema of `pbx:limits`: the limits of one source address and of one account.
 *
 * @packageDocumentation
 */

import { z } from "zod";
import { durationSchema } from "../core/duration";

/** Default maximum of a limit. Catches typing errors, because no exchange needs more. */
const MAX = 1_000_000;

/** Returns the schema of a whole number from `min` to `max`, with a default. */
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
  /** Maximum number of open connections from a source address that phones have registered from. */
  connectionsPerSource: whole(600),
  /**
   * Maximum number of open connections from a source address that no phone has registered from, and maximum KiB per
   * second from that address.
   */
  connectionsPerUnknownSource: whole(40),
  /** Maximum number of new connections per second from a source address, averaged over ten seconds. */
  connectionRate: whole(50),
  /**
   * Maximum number of bytes per second from a source address, averaged over ten seconds. The minimum of this
   * field leaves room for some registrations.
   */
  bytesPerSecond: whole(200_000, 100_000_000, 10_000),
  /** Maximum seconds until a connection sends its first request, and from then on until a phone logs in. */
  loginTime: durationSchema({ min: 2, max: 60, example: "5s" }).prefault("5s"),
  /** Number of refused log-ins, from one source address to one account in ten minutes, that locks this pair. */
  failuresPerAccount: whole(10),
  /** Number of refused log-ins, from one source address in ten minutes, that locks the address. */
  failuresPerSource: whole(100),
  /** Seconds of the first lock. Each further lock within a day lasts twice as long, up to a day. */
  lockTime: durationSchema({ min: 10, max: 24 * 3600, example: "1m" }).prefault("1m"),
  /** Maximum number of simultaneous calls that an account has placed. Ringing calls and calls on hold count. */
  callsPerAccount: whole(4, 500),
  /** Maximum number of calls that an account may start per minute. */
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
