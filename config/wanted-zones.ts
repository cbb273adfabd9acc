import { ConfigError } from "./schema";

/** Environment variable with which the autoscaler sets the number of zones of one update. No file holds it. */
export const WANTED_ZONES = "TRUNKLINE_ZONES";

/**
 * Returns the number of zones that {@link WANTED_ZONES} requests; undefined if it is not set. If the operator
 * edited the range and the zones in service are outside the new range, numbers up to the zones in service are
 * accepted as well, so that the autoscaler can return to the range step by step.
 *
 * @param range minimum and maximum of `pbx:autoscale`; undefined if the stack has no autoscaler.
 * @param inService number of zones in service; undefined before the first successful update.
 * @throws ConfigError if the number is not allowed.
 */
export function wantedZones(
  range: { readonly min: number; readonly max: number } | undefined,
  inService: number | undefined,
  env: NodeJS.ProcessEnv = process.env,
): number | undefined {
  const text = env[WANTED_ZONES];
  if (text === undefined || text === "") return undefined;
  if (range === undefined) {
    throw new ConfigError([
      `${WANTED_ZONES} is set, but pbx:autoscale is not; unset it, and set pbx:zones to the number`,
    ]);
  }
  const least = Math.min(range.min, inService ?? range.min);
  const most = Math.max(range.max, inService ?? range.max);
  const zones = /^[0-9]{1,4}$/.test(text) ? Number(text) : NaN;
  if (!(zones >= least && zones <= most)) {
    throw new ConfigError([
      `${WANTED_ZONES} is not a whole number from ${String(least)} to ${String(most)}, which ` +
        "pbx:autoscale allows; unset it, or write such a number",
    ]);
  }
  return zones;
}
