import type { Settings } from "../config/schema";
import { rangeSize } from "../config/users";

/**
 * Phones that a zone takes, each by a connection of its own. PJSIP watches 1,024 sockets, Asterisk's own
 * and that of HAProxy's check among them; a connection more it accepts and closes at once
 * (https://github.com/asterisk/asterisk/issues/2011).
 */
export const PHONES_PER_ZONE = 1_000;

/** Why not all users could have their phones registered at a time, or undefined. */
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
    : `pbx:users has ${String(count)} users, and a zone takes ${String(PHONES_PER_ZONE)} phones: with ${key} at ` +
        `${String(most)} not all of them can register at a time; raise it to ${String(needed)}`;
}
