import { count } from "../core/format";
import type { Argument } from "./demand";
import { SPARE_PHONES } from "./measures";
import type { Sample } from "./sample";

/**
 * Returns a text which says that connections without a registered phone do not count. Returns null if the number of
 * such connections is unknown or at most `SPARE_PHONES`. A few such connections are normal: a phone may keep its old
 * connection next to a new one, and a new phone needs a moment to log in.
 */
export function floodReason(latest: Sample | undefined): string | null {
  const unknown = latest?.unknown ?? 0;
  return unknown > SPARE_PHONES
    ? `${count(unknown, "connection")} without a registered phone do not count`
    : null;
}

/**
 * Returns `ask` without its number of zones, if `ask` is for throughput or CPU and more than `SPARE_PHONES` connections
 * have no registered phone, because these connections may cause the load. Otherwise returns `ask` unchanged. Calls and
 * registrations always count, because both need a password.
 */
export function withoutFlood(ask: Argument, latest: Sample | undefined): Argument {
  const needsNoPassword = ask.name === "throughput" || ask.name === "cpu";
  const reason = floodReason(latest);
  return needsNoPassword && reason !== null && ask.zones !== null
    ? { ...ask, found: `${ask.found}, ${reason}`, zones: null, reason: "" }
    : ask;
}
