import { formatDuration } from "../core/duration";
import type { Criterion, ScalingState } from "./decision";
import type { Policy } from "./policy";
import { count } from "../core/format";

/** A scale-out that failed is tried again after so many seconds, then after twice as many, … */
const FIRST_BACK_OFF = 60;
const LONGEST_BACK_OFF = 1800;

/** Why to wait, in words; null where there is nothing to wait for. */
type Wait = string | null;

/** For `what`, which was at `since`, to be `seconds` ago. */
function wait(what: string, since: number | null, seconds: number, now: number): Wait {
  const left = since === null ? 0 : Math.ceil((since - now) / 1000 + seconds);
  return left > 0
    ? `${what} ${formatDuration(seconds - left)} ago; ${formatDuration(left)} to wait`
    : null;
}

/** After failures, whatever is wanted: the cloud gets time to recover. */
export function backOff({ failures }: ScalingState, now: number): Wait {
  if (failures === null || failures.count === 0) {
    return null;
  }
  const seconds = Math.min(LONGEST_BACK_OFF, FIRST_BACK_OFF * 2 ** (failures.count - 1));
  const times = failures.count === 1 ? "once" : `${String(failures.count)} times in a row`;
  return wait(`adding zones failed ${times}, last`, failures.at, seconds, now);
}

/**
 * After zones came: what a zone uses takes a while to show that another one shares its load. What
 * went is no reason to wait, since callers would feel it.
 */
export function cooldownOut({ lastOut }: ScalingState, policy: Policy, now: number): Wait {
  return wait("zones were added", lastOut, policy.cooldownOut, now);
}

/** After zones came or went, or one could not go. */
export function cooldownIn(state: ScalingState, policy: Policy, now: number): Wait {
  const { lastOut, lastIn } = state;
  const last = Math.max(lastOut ?? -Infinity, lastIn ?? -Infinity);
  const what = last === lastOut ? "zones were added" : "a zone was taken away";
  return (
    failedIn(state, policy, now) ??
    wait(what, last === -Infinity ? null : last, policy.cooldownIn, now)
  );
}

/** After one could not go, whatever it was to go for: its calls get time to end. */
export function failedIn(state: ScalingState, policy: Policy, now: number): Wait {
  return wait("a zone could not go", state.failedIn, policy.cooldownIn, now);
}

/** Both cooldowns and the back-off in the table of criteria. */
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
