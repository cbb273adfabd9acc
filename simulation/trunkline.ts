import { decide } from "../autoscaler/decide";
import type { Decision } from "../autoscaler/decision";
import type { Policy } from "../autoscaler/policy";
import type { Sample, ZoneSample } from "../autoscaler/sample";
import { retentionFor } from "../autoscaler/zone-load";
import type { Fleet } from "./fleet";
import type { ScalingRule } from "./rule";
import type { TraceRow } from "./trace";

/**
 * Models how `autoscaler/tick.ts` applies the decisions of the autoscaler. Takes no sample while zones are being added.
 * Cancels a drain if the zone is needed again.
 */
export class Trunkline implements ScalingRule {
  readonly name = "trunkline";
  readonly first: number;
  private samples: readonly Sample[] = [];
  private underWay: "out" | "in" | null = null;
  private lastOut: number | null = null;
  private lastIn: number | null = null;
  private failedIn: number | null = null;

  /** @param midnight time of second 0 of the trace, in milliseconds since 1970. Schedules depend on it. */
  constructor(
    private readonly policy: Policy,
    private readonly midnight: number,
  ) {
    this.first = policy.min;
  }

  look(load: TraceRow, fleet: Fleet): void {
    const now = this.midnight + load.seconds * 1000;
    this.noteEnd(fleet, now);
    if (this.underWay === "out" || load.seconds % this.policy.interval !== 0) return;
    const { action, zones } = this.decision(sampleOf(now, load, fleet, this.policy), fleet, now);
    if (this.underWay === "in") {
      if (action === "out") {
        fleet.recall();
        this.underWay = null;
        this.failedIn = now;
      }
    } else if (action !== "hold") {
      this.underWay = action;
      fleet.resize(zones, load.seconds, load.calls);
    }
  }

  private noteEnd({ coming, leaving }: Fleet, now: number): void {
    if (this.underWay === "out" && coming === 0) {
      this.lastOut = now;
      this.underWay = null;
    }
    if (this.underWay === "in" && leaving.length === 0) {
      this.lastIn = now;
      this.failedIn = null;
      this.underWay = null;
    }
  }

  private decision(sample: Sample, { serving: zones }: Fleet, now: number): Decision {
    const { scaleInAfter: seconds, interval } = this.policy;
    const oldest = now - retentionFor({ seconds, interval }) * 1000;
    this.samples = [...this.samples.filter(({ at }) => at > oldest), sample];
    const { lastOut, lastIn, failedIn } = this;
    const state = { zones, lastOut, lastIn, failedIn, failures: null, headroom: null };
    return decide(this.samples, state, this.policy, now);
  }
}

/**
 * Returns a sample of the zones in service. Draining zones are not in the sample. The throughput of a zone is
 * proportional to its calls, and so is the processor usage, which is 100 % from `callsPerZone` calls on.
 */
function sampleOf(
  at: number,
  { calls, bytesPerSecond }: TraceRow,
  fleet: Fleet,
  { callsPerZone }: Policy,
): Sample {
  const share = fleet.share(calls);
  // Calls are whole numbers. If they cannot be divided evenly, the first zones have one call more.
  const whole = Math.floor(share);
  const rest = Math.round((share - whole) * fleet.serving);
  return {
    at,
    out: [],
    sessions: null,
    unknown: null,
    fault: null,
    zones: Array.from({ length: fleet.serving }, (_, index): ZoneSample => ({
      name: `zone${String(index + 1)}`,
      fault: null,
      down: false,
      reading: {
        calls: whole + (index < rest ? 1 : 0),
        registrations: 0,
        bytesPerSecond:
          calls === 0 ? bytesPerSecond / fleet.serving : (bytesPerSecond * share) / calls,
        cpu: Math.min(1, share / callsPerZone),
      },
    })),
  };
}
