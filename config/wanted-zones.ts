import { ConfigError } from "./schema";

/** How the autoscaler hands the number of zones over to one update. No setting: no file has it. */
export const WANTED_ZONES = "TRUNKLINE_ZONES";

/**
 * The number of zones that this one update is asked for; undefined where it is asked for none. Where
 * those in service are out of the range, since that was edited, the way back to it goes by numbers
 * that are out of it as well.
 *
 * @param range of `pbx:autoscale`; undefined where the stack does not scale by itself.
 * @throws ConfigError
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
      `${WANTED_ZONES} is set, and pbx:autoscale is not; unset it, and write the number to pbx:zones`,
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
