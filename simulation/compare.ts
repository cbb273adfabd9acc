import type { Policy } from "../autoscaler/policy";
import type { Times } from "./fleet";
import { FixedFleet, NoonSample, ProcessorAlarm } from "./other-rules";
import { replay, type Replay } from "./replay";
import type { Trace } from "./trace";
import { Trunkline } from "./trunkline";

/**
 * Replays the trace under every rule. The result for the `trunkline` rule comes first.
 *
 * @param midnight time of second 0 of the trace, in milliseconds since 1970.
 */
export function compare(
  trace: Trace,
  policy: Policy,
  { midnight, ...times }: Times & { readonly midnight: number },
): readonly Replay[] {
  const rules = [
    new Trunkline(policy, midnight),
    new NoonSample(policy),
    new ProcessorAlarm(policy),
    new FixedFleet(policy, trace),
  ];
  return rules.map((rule) => replay(rule, trace, policy.callsPerZone, times));
}
