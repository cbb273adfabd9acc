import type { Argument } from "./demand";
import { SPARE_PHONES } from "./measures";
import type { Sample } from "./sample";
import { count } from "../core/format";

/**
 * Returns why connections without a registered phone are left out of a decision; null if there are few: a
 * phone may have an old connection beside its new one, and takes a moment to log in.
 */
export function flood(latest: Sample | undefined): string | null {
  const unknown = latest?.unknown ?? 0;
  return unknown > SPARE_PHONES
    ? `${count(unknown, "connection")} without a registered phone do not count`
    : null;
}

/**
 * Returns what `ask` asks for if nothing has to be paid for unknown connections. While there are many of them,
 * a zone's processors and its network are busy with them, and ask for nothing. Calls and registered phones do:
 * both take a password.
 */
export function withoutFlood(ask: Argument, latest: Sample | undefined): Argument {
  const isUsedByStrangers = ask.name === "throughput" || ask.name === "cpu";
  const because = flood(latest);
  return isUsedByStrangers && because !== null && ask.zones !== null
    ? { ...ask, found: `${ask.found}, ${because}`, zones: null, because: "" }
    : ask;
}
