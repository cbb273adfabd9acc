/**
 * Rules that the `trunkline` rule is compared with.
 *
 * @packageDocumentation
 */

import type { Policy } from "../autoscaler/policy";
import type { Fleet } from "./fleet";
import type { ScalingRule } from "./rule";
import type { Trace, TraceRow } from "./trace";

const NOON = 12 * 3600;

/** Bytes per second of a G.711 call with a packet every 20 ms: two legs, both directions, with all headers. */
const BYTES_PER_CALL = 4 * 50 * (160 + 54);

/**
 * Compares the mean throughput of the 30 seconds from noon on with a threshold. Adds a second zone if the mean is above
 * the threshold and one zone is in service. Never removes a zone.
 */
export class NoonSample implements ScalingRule {
  readonly name = "noon-sample";
  readonly first = 1;
  private readonly seen: number[] = [];

  constructor(private readonly policy: Policy) {}

  look({ seconds, calls, bytesPerSecond }: TraceRow, fleet: Fleet): void {
    if (seconds < NOON || this.seen.length === 30) return;
    this.seen.push(bytesPerSecond);
    const { throughputPerZone, callsPerZone } = this.policy;
    const threshold = throughputPerZone ?? callsPerZone * BYTES_PER_CALL;
    if (this.seen.length === 30 && fleet.serving === 1 && mean(this.seen) > threshold) {
      fleet.resize(2, seconds, calls);
    }
  }
}

/** Number of consecutive periods whose mean usages must all be above `HIGH`, or all below `LOW`, for a change. */
const EVALUATIONS = 3;
/** Length of a period in seconds. */
const PERIOD = 60;
/** Share of a zone's processors in use above which a zone is added. */
const HIGH = 0.8;
/** Share of a zone's processors in use below which a zone is removed. */
const LOW = 0.3;
/** Cooldown of the Heat scaling policy: seconds without another change after a zone was added or removed. */
const COOLDOWN = 60;

/**
 * Models an Aodh alarm on the mean processor usages of the last three minutes. The alarm makes Heat add or remove one
 * zone. The settings follow the documentation of Aodh and Heat. Processor usage is 100 % if a zone has `callsPerZone`
 * calls or more.
 */
export class ProcessorAlarm implements ScalingRule {
  readonly name = "cpu-alarm";
  readonly first: number;
  private minute: number[] = [];
  private means: number[] = [];
  private last = -Infinity;

  constructor(private readonly policy: Policy) {
    this.first = policy.min;
  }

  look({ seconds, calls }: TraceRow, fleet: Fleet): void {
    this.minute.push(Math.min(1, fleet.share(calls) / this.policy.callsPerZone));
    if (this.minute.length < PERIOD) return;
    this.means = [...this.means, mean(this.minute)].slice(-EVALUATIONS);
    this.minute = [];
    if (this.means.length < EVALUATIONS || seconds - this.last < COOLDOWN) return;
    const zones = fleet.serving + fleet.coming;
    const wanted = this.means.every((use) => use > HIGH)
      ? Math.min(this.policy.max, zones + 1)
      : this.means.every((use) => use < LOW)
        ? Math.max(this.policy.min, zones - 1)
        : zones;
    if (wanted !== zones) {
      this.last = seconds;
      fleet.resize(wanted, seconds, calls);
    }
  }
}

/** Keeps, all day, the number of zones that the peak of the trace needs. */
export class FixedFleet implements ScalingRule {
  readonly name = "fixed-fleet";
  readonly first: number;

  constructor({ callsPerZone }: Policy, trace: Trace) {
    const peak = Math.max(...trace.map(({ calls }) => calls));
    this.first = Math.max(1, Math.ceil(peak / callsPerZone));
  }

  look(): void {
    // The fleet never changes.
  }
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;
