import { z } from "zod";
import { durationSchema } from "../core/duration";

/** What one source address, or one account, may take of the exchange: the fields of `pbx:limits`. */

/** Bound on typing errors; no exchange needs more of anything. */
const MOST = 1_000_000;

/** A number of things that can be counted. */
const whole = (such: number, max = MOST, min = 1) =>
  z
    .int({ error: `is not a whole number; write one such as ${String(such)}` })
    .min(min, { error: `is less than ${String(min)}; write a number such as ${String(such)}` })
    .max(max, { error: `is more than ${String(max)}; write a number such as ${String(such)}` })
    .default(such);

/**
 * The defaults suit an office of 250 phones behind one address: each phone may have an old connection
 * beside its new one.
 */
const shape = {
  /** Open connections of a source address that phones have registered from. */
  connectionsPerSource: whole(600),
  /** Open connections of any other source address, and the KiB per second that it may send. */
  connectionsPerUnknownSource: whole(40),
  /** New connections per second of a source address, averaged over ten seconds. */
  connectionRate: whole(50),
  /** Bytes per second of a source address, averaged over ten seconds: some registrations at the least. */
  bytesPerSecond: whole(200_000, 100_000_000, 10_000),
  /** Seconds until a connection has to have sent its first request, and a phone to have logged in. */
  loginTime: durationSchema({ min: 2, max: 60, such: "5s" }).prefault("5s"),
  /** Refused log-ins of a source address for one account in ten minutes, before that pair is locked. */
  failuresPerAccount: whole(10),
  /** Refused log-ins of a source address in ten minutes, before the address is locked. */
  failuresPerSource: whole(100),
  /** Seconds of the first lock; each further one in a day lasts twice as long, up to a day. */
  lockTime: durationSchema({ min: 10, max: 24 * 3600, such: "1m" }).prefault("1m"),
  /** Calls that an account may have at a time, those that ring or are on hold among them. */
  callsPerAccount: whole(4, 500),
  /** Calls that an account may begin in a minute. */
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
