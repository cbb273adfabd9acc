/**
 * Functions that format numbers and names for messages and tables.
 *
 * @packageDocumentation
 */

export const count = (number: number, noun: string): string =>
  `${String(number)} ${noun}${number === 1 ? "" : "s"}`;

/** Returns the names of zones, such as `zone1 and zone2`; for more than three zones their number, such as `7 zones`. */
export function namesOf(zones: readonly string[]): string {
  return zones.length > 3 ? count(zones.length, "zone") : joined(zones);
}

/** Joins items for a message: `a`, `a and b`, `a, b and c`. */
export const joined = (items: readonly string[]): string =>
  [items.slice(0, -1).join(", "), ...items.slice(-1)].filter(Boolean).join(" and ");

/** Returns the form of a verb that agrees with the number of zones, for example `carries` or `carry`. */
export const verb = (zones: readonly string[], singular: string, plural: string): string =>
  zones.length === 1 ? singular : plural;

/** Formats a rate in bytes per second with up to three significant digits: `1.23 MB/s`. */
export function bytesPerSecond(value: number): string {
  const [unit, size] = value >= 1e6 ? ["MB/s", 1e6] : value >= 1e3 ? ["kB/s", 1e3] : ["B/s", 1];
  return `${String(Number((value / size).toPrecision(3)))} ${unit}`;
}

/** Formats a share of 1 with up to three significant digits: 0.3141 is `31.4 %`. */
export const percent = (share: number): string =>
  `${String(Number((share * 100).toPrecision(3)))} %`;
