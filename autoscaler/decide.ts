import { count } from "../core/format";
import { isOrAreZones, ceilings, minimum, quota, type Limit } from "./bounds";
import type { Criterion, Decision, ScalingState } from "./decision";
import { demands, type Argument } from "./demand";
import { floodReason, withoutFlood } from "./flood";
import type { Policy } from "./policy";
import { allKnown, fits } from "./release";
import { plusOut, outOfRotation, minimumServing, withoutDown } from "./rotation";
import { blindness, type Sample } from "./sample";
import { scheduled } from "./schedule";
import { backOff, cooldownIn, cooldownOut, failedIn, waiting } from "./waits";

type Step = Omit<Decision, "criteria">;

interface Situation {
  readonly samples: readonly Sample[];
  readonly state: ScalingState;
  readonly policy: Policy;
  readonly now: number;
}

/**
 * Decides how many zones the exchange needs. A scale-out adds all zones that are needed and allowed. A scale-in removes
 * one zone. This function changes nothing and keeps no state.
 *
 * @param seen samples, the oldest first. The last sample is current. No zone is removed for low load unless the samples
 *   cover the last `scaleInAfter` seconds.
 * @param now milliseconds since 1970.
 */
export function decide(
  seen: readonly Sample[],
  state: ScalingState,
  policy: Policy,
  now: number,
): Decision {
  const samples = withoutDown(seen, policy, now);
  const situation = { samples, state, policy, now };
  const floor = minimum(policy, state);
  const out = outOfRotation(samples.at(-1), state.zones);
  const asks = [
    ...[
      ...demands(samples, policy, now).map((ask) => withoutFlood(ask, samples.at(-1))),
      scheduled(policy, now),
    ].map((ask) => plusOut(ask, out)),
    ...minimumServing(out),
    floor,
  ];
  const ask = asks.reduce<Limit>((most, next) => (asksFor(next, most) ? next : most), floor);
  const caps = ceilings(policy, state);
  const cap = caps.reduce((tightest, next) => (next.zones < tightest.zones ? next : tightest));
  const room = quota(state);

  const criteria = [...asks, ...caps, ...(room === null ? [] : [room])].map(criterion);
  return {
    ...withBlindness(withFlood(step(situation, ask, cap, room), seen.at(-1)), seen.at(-1)),
    criteria: [...criteria, waiting(state, policy, now)],
  };
}

/**
 * Returns whether `next` asks for more zones than `most`. If `most` is the criterion `min`, the same number is enough,
 * so that the reason of the decision is not `min`.
 */
const asksFor = (next: Argument, most: Limit): next is Limit =>
  next.zones !== null &&
  (next.zones > most.zones || (next.zones === most.zones && most.name === "min"));

const criterion = ({ name, found, threshold, zones }: Argument): Criterion => ({
  name,
  found,
  threshold,
  zones,
});

/** Adds the text about connections without a registered phone to the reason of a hold, for the operator. */
function withFlood(next: Step, latest: Sample | undefined): Step {
  const reason = floodReason(latest);
  return next.action === "hold" && reason !== null
    ? { ...next, reason: `${next.reason}; ${reason}` }
    : next;
}

function withBlindness(next: Step, latest: Sample | undefined): Step {
  const blind = latest === undefined ? null : blindness(latest);
  return next.action === "hold" && blind !== null ? { ...next, reason: blind } : next;
}

function step(situation: Situation, ask: Limit, cap: Limit, room: Limit | null): Step {
  const { zones } = situation.state;
  if (zones > cap.zones) {
    return shrink(situation, `${cap.reason}, and there ${isOrAreZones(zones)}`);
  }
  if (ask.zones > zones) {
    const limit = room !== null && room.zones < Math.min(ask.zones, cap.zones) ? room : cap;
    return grow(situation, ask, limit);
  }
  if (ask.zones === zones) {
    return { action: "hold", zones, reason: ask.reason };
  }
  return shrink(situation, null);
}

/**
 * Returns the step that adds the zones that `ask` needs and `limit` allows; a hold if `limit` allows none, or during a
 * cooldown or back-off.
 */
function grow({ state, policy, now }: Situation, ask: Limit, limit: Limit): Step {
  const zones = Math.min(ask.zones, limit.zones);
  // With fewer zones than `min`, for example after an edit, zones are added without a cooldown.
  const cooldown = state.zones < policy.min ? null : cooldownOut(state, policy, now);
  const obstacle = zones > state.zones ? (backOff(state, now) ?? cooldown) : limit.reason;
  if (obstacle !== null) {
    return { action: "hold", zones: state.zones, reason: `${ask.reason}, but ${obstacle}` };
  }
  const reason = zones < ask.zones ? `${ask.reason}, but ${limit.reason}` : ask.reason;
  return { action: "out", zones, reason };
}

/**
 * Returns the step that removes one zone, or a hold with the reason why no zone may be removed.
 *
 * @param reason why there are more zones than allowed; null if the number is allowed, and the load decides.
 */
function shrink({ samples, state, policy, now }: Situation, reason: string | null): Step {
  const zones = state.zones - 1;
  const hold = (reason: string): Step => ({ action: "hold", zones: state.zones, reason });
  const known = allKnown(samples.at(-1), state.zones);
  if (!known.may) {
    return hold(`${known.reason}, so no zone is removed`);
  }
  if (reason !== null) {
    const failed = failedIn(state, policy, now);
    return failed === null ? { action: "in", zones, reason } : hold(`${reason}, but ${failed}`);
  }
  const wish = `${count(zones, "zone")} would be enough now`;
  const cooldown = cooldownIn(state, policy, now);
  if (cooldown !== null) {
    return hold(`${wish}, but ${cooldown}`);
  }
  const fit = fits(samples, zones, policy, now);
  return fit.may ? { action: "in", zones, reason: fit.reason } : hold(`${wish}, but ${fit.reason}`);
}
