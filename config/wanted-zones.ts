import { ConfigError } from "./schema";

/** Environment variable in which the autoscaler passes the number of zones to one update. */
export const WANTED_ZONES = "TRUNKLINE_ZONES";

/**
 * Returns the number of zones that {@link WANTED_ZONES} requests; undefined if the variable is not set or empty. After
 * an edit of the range, the number of zones in service may be outside the range. The range then extends to the number
 * in service, so that the autoscaler can return to the range step by step.
 *
 * @param range minimum and maximum of `pbx:autoscale`; undefined if the stack has no autoscaler.
 * @param inService number of zones in service; undefined before the first successful update.
 * @throws ConfigError if the variable has a value that is not a number in the range, or if it has a value and there is
 *   no range.
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
      `${WANTED_ZONES} is set, but pbx:autoscale is not; unset ${WANTED_ZONES}, and set pbx:zones instead`,
    ]);
  }
  const least = Math.min(range.min, inService ?? range.min);
  const most = Math.max(range.max, inService ?? range.max);
  const zones = /^[0-9]{1,4}$/.test(text) ? Number(text) : NaN;
  if (!(zones >= least && zones <= most)) {
    throw new ConfigError([
      `${WANTED_ZONES} is not a whole number from ${String(least)} to ${String(most)}, as ` +
        "pbx:autoscale requires; unset it, or set it to such a number",
    ]);
  }
  return zones;
}
