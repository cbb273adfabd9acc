import type { Policy } from "../autoscaler/policy";
import type { Fleet } from "./fleet";
import type { ScalingRule } from "./rule";
import type { TraceRow } from "./trace";
import type { Trace } from "./trace";

/** What the trunkline rule is compared with. Each begins as its own authors would have it begin. */

const NOON = 12 * 3600;

/** A call in G.711 with a packet each 20 ms: two ends, in both directions, headers included. */
const BYTES_PER_CALL = 4 * 50 * (160 + 54);

/**
 * Once a day the throughput of 30 seconds is held against a threshold; above it, where one server
 * is active, another one is added. None ever goes.
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

/** Sooner than three minutes of it, neither much nor little use of the processors is believed. */
const EVALUATIONS = 3;
const PERIOD = 60;
const HIGH = 0.8;
const LOW = 0.3;
/** Of a scaling policy in Heat, in either direction. */
const COOLDOWN = 60;

/**
 * An alarm of Aodh on the mean use of processors in each of three minutes, which makes Heat add a
 * server or take one away, as their documentation sets them up. A server is full when it has all
 * the calls that it can carry.
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

/** As many zones as the busiest moment needs, all day. */
export class FixedFleet implements ScalingRule {
  readonly name = "fixed-fleet";
  readonly first: number;

  constructor({ callsPerZone }: Policy, trace: Trace) {
    const peak = Math.max(...trace.map(({ calls }) => calls));
    this.first = Math.max(1, Math.ceil(peak / callsPerZone));
  }

  look(): void {
    // It stays as it is.
  }
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;
