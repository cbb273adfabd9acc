import type { Argument } from "./demand";
import { SPARE_PHONES } from "./measures";
import type { Sample } from "./sample";
import { count } from "../core/format";

/**
 * Returns why a decision ignores connections without a registered phone; null if there are few of them. A few are
 * normal: a phone may keep an old connection next to its new one, and needs a moment to log in.
 */
export function floodReason(latest: Sample | undefined): string | null {
  const unknown = latest?.unknown ?? 0;
  return unknown > SPARE_PHONES
    ? `${count(unknown, "connection")} without a registered phone do not count`
    : null;
}

/**
 * Returns `ask` without zones that only unknown connections need. While there are many unknown connections, they use a
 * zone's processors and network, so `cpu` and `throughput` ask for no zone. Calls and registered phones still count,
 * because both need a password.
 */
export function withoutFlood(ask: Argument, latest: Sample | undefined): Argument {
  const isUsedByStrangers = ask.name === "throughput" || ask.name === "cpu";
  const because = floodReason(latest);
  return isUsedByStrangers && because !== null && ask.zones !== null
    ? { ...ask, found: `${ask.found}, ${because}`, zones: null, because: "" }
    : ask;
}
