import { formatDuration } from "../core/duration";
import { count } from "../core/format";
import type { Criterion, ScalingState } from "./decision";
import type { Policy } from "./policy";

/** Seconds to wait after the first failed scale-out. The time doubles with each further failure in a row. */
const FIRST_BACK_OFF = 60;
/** Longest time in seconds to wait after a failed scale-out. */
const LONGEST_BACK_OFF = 1800;

/** Reason to wait, as text; null if there is none. */
type Wait = string | null;

/** Returns the wait until `seconds` have passed since `what` happened at `since`. */
function wait(what: string, since: number | null, seconds: number, now: number): Wait {
  const left = since === null ? 0 : Math.ceil((since - now) / 1000 + seconds);
  return left > 0
    ? `${what} ${formatDuration(seconds - left)} ago; ${formatDuration(left)} to wait`
    : null;
}

/**
 * Returns the wait after failed scale-outs. The wait applies to every scale-out and gives the cloud time to recover.
 */
export function backOff({ failures }: ScalingState, now: number): Wait {
  if (failures === null || failures.count === 0) {
    return null;
  }
  const seconds = Math.min(LONGEST_BACK_OFF, FIRST_BACK_OFF * 2 ** (failures.count - 1));
  const times = failures.count === 1 ? "once" : `${String(failures.count)} times in a row`;
  return wait(`adding zones failed ${times}, last`, failures.at, seconds, now);
}

/**
 * Returns the wait after zones were added. The mean load of the earlier zones takes a while to show that a new zone
 * shares the load. A scale-in causes no wait before a scale-out, because callers would notice a lack of zones.
 */
export function cooldownOut({ lastOut }: ScalingState, policy: Policy, now: number): Wait {
  return wait("zones were added", lastOut, policy.cooldownOut, now);
}

/** Returns the wait after zones were added or removed, or after a scale-in failed. */
export function cooldownIn(state: ScalingState, policy: Policy, now: number): Wait {
  const { lastOut, lastIn } = state;
  const last = Math.max(lastOut ?? -Infinity, lastIn ?? -Infinity);
  const what = last === lastOut ? "zones were added" : "a zone was removed";
  return (
    failedIn(state, policy, now) ??
    wait(what, last === -Infinity ? null : last, policy.cooldownIn, now)
  );
}

/** Returns the wait after a failed scale-in. The wait applies to every scale-in and gives calls time to end. */
export function failedIn(state: ScalingState, policy: Policy, now: number): Wait {
  return wait("a zone could not be removed", state.failedIn, policy.cooldownIn, now);
}

/** Returns the criterion for both cooldowns and the back-off, for the table of `--explain`. */
export function waiting(state: ScalingState, policy: Policy, now: number): Criterion {
  const { lastOut, lastIn, failures, zones } = state;
  const ago = (what: string, at: number | null): string =>
    at === null ? `no ${what}` : `${what} ${formatDuration(Math.round((now - at) / 1000))} ago`;
  const failed = failures === null ? [] : [`${count(failures.count, "failure")} in a row`];
  const held = backOff(state, now) ?? cooldownOut(state, policy, now);
  return {
    name: "cooldown",
    found: [ago("scale-out", lastOut), ago("scale-in", lastIn), ...failed].join(", "),
    threshold: `${formatDuration(policy.cooldownOut)} out, ${formatDuration(policy.cooldownIn)} in`,
    zones: held === null ? null : zones,
  };
}
