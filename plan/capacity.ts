import type { Settings } from "../config/schema";
import { rangeSize } from "../config/users";

/**
 * Maximum number of phones of a zone. Each phone has its own connection. PJSIP can watch 1,024 sockets, including
 * Asterisk's own sockets and the socket of HAProxy's health check. PJSIP accepts each further connection and closes
 * it immediately (https://github.com/asterisk/asterisk/issues/2011).
 */
export const PHONES_PER_ZONE = 1_000;

/** Returns why the phones of all users cannot register simultaneously; undefined if they can. */
export function capacityFault({
  users,
  zones,
  autoscale,
}: Pick<Settings, "users" | "zones" | "autoscale">): string | undefined {
  const sizes = users.map((entry) => ("range" in entry ? rangeSize(entry.range) : 1));
  const count = sizes.reduce((sum, size) => sum + size, 0);
  const [key, most] =
    autoscale === undefined ? ["pbx:zones", zones] : ["pbx:autoscale.max", autoscale.max];
  const needed = Math.ceil(count / PHONES_PER_ZONE);
  return needed <= most
    ? undefined
    : `pbx:users has ${String(count)} users, and a zone accepts at most ${String(PHONES_PER_ZONE)} phones: ` +
        `with ${key} at ${String(most)}, not all users can register at the same time; ` +
        `raise ${key} to ${String(needed)}`;
}
