import { setTimeout as sleep } from "node:timers/promises";
import { count } from "../core/format";
import type { UpdateOutcome } from "../stack/outcome";
import { isOrAreZones } from "./bounds";
import type { Decision, ScalingState } from "./decision";
import type { Executor, ExchangeObservation } from "./executor";
import { type Memory, clampedTo } from "./memory";
import { describeOutcome, isBlind, type Report } from "./report";
import type { Sample } from "./sample";

/** Function that decides how many zones the exchange needs. `now` is in milliseconds since 1970. */
export type Decide = (samples: readonly Sample[], state: ScalingState, now: number) => Decision;

export interface TickOptions {
  readonly executor: Executor;
  readonly decide: Decide;
  readonly memory: { read(): Memory; write(memory: Memory): void };
  /** Time between two samples, in milliseconds. */
  readonly interval: number;
  /** How long to keep samples, in milliseconds. */
  readonly keep: number;
  readonly now?: () => number;
  readonly pause?: (milliseconds: number, signal: AbortSignal) => Promise<unknown>;
}

/** Requests to stop the autoscaler. */
export interface Stop {
  /**
   * Prevents further changes, except the rollback of a failed change. Cancels a change that may wait for a drain,
   * because a drain may take as long as `pbx:drainTimeout`. A scale-out that has begun is completed.
   */
  readonly graceful: AbortSignal;
  /** Cancels the Pulumi operation that is in progress. */
  readonly immediate: AbortSignal;
}

export interface Considered {
  readonly decision: Decision;
  readonly state: ScalingState;
  readonly sample: Sample;
}

/** Longest delay in milliseconds after a failed attempt to repair an unfinished change. */
const LONGEST_WAIT = 10 * 60_000;

/**
 * Runs ticks of the autoscaler. A tick takes a sample, decides, changes the number of zones if needed, and writes the
 * memory.
 *
 * A change is written to the memory before the change starts. If a tick finds an unfinished change, the tick repairs
 * the stack before it applies its decision. If this decision is to hold, the tick scales the exchange to the number of
 * zones in the stack's outputs.
 */
export class Ticker {
  private readonly now: () => number;
  private readonly pause: NonNullable<TickOptions["pause"]>;

  constructor(private readonly options: TickOptions) {
    this.now = options.now ?? Date.now;
    this.pause =
      options.pause ?? ((milliseconds, signal) => sleep(milliseconds, undefined, { signal }));
  }

  /** Takes a sample and decides. Changes nothing but the memory. */
  async consider(): Promise<Considered> {
    const { executor, decide } = this.options;
    const observation = await executor.observe();
    const { zones, sample } = observation;
    const memory = this.remember(observation);
    const state = { zones, ...scalingOf(memory), headroom: null };
    const decision = decide(memory.samples, state, sample.at);
    if (decision.action !== "out") return { decision, state, sample };
    // The quota matters only for a scale-out.
    const known = { ...state, headroom: await executor.headroom() };
    return { decision: decide(memory.samples, known, sample.at), state: known, sample };
  }

  async tick(stop: Stop): Promise<Report> {
    const { decision, state, sample } = await this.consider();
    const from = state.zones;
    const { unfinished } = this.options.memory.read();
    const blind = isBlind({ decision, sample });
    const [outcome, ok] =
      decision.action === "hold" && unfinished === null
        ? ([blind ? "nothing was done" : "nothing to do", true] as const)
        : stop.graceful.aborted
          ? ENDING
          : decision.action === "hold"
            ? await this.settle(from, stop)
            : await this.move(from, decision.zones, unfinished !== null, stop);
    return { decision, sample, from, outcome, ok: ok && !blind };
  }

  private async move(from: number, to: number, isRepair: boolean, stop: Stop): Promise<Verdict> {
    const { executor } = this.options;
    const what = `from ${String(from)} to ${count(to, "zone")}`;
    const [hasPendingOperations, found] = isRepair
      ? [true, from]
      : await Promise.all([executor.hasPendingOperations(), executor.inService()]);
    if (hasPendingOperations) {
      const repaired = await this.repair(stop);
      if (repaired.kind !== "done") return verdict(repaired, what);
    }
    // An operator may have changed the number of zones after the sample. Keep the operator's number.
    const now = hasPendingOperations ? await executor.inService() : found;
    if (now !== from) {
      return [
        `held: there ${isOrAreZones(now)} now; the autoscaler decides again at the next measurement`,
        true,
      ];
    }
    if (stop.graceful.aborted) return ENDING;
    const { unfinished } = this.note({ unfinished: { from, to } });
    const outcome =
      to < from ? await this.drain(to, stop) : await executor.change(to, stop.immediate);
    const at = this.now();
    switch (outcome.kind) {
      case "done":
        this.note({
          unfinished: null,
          failedMends: null,
          ...(to > from ? { lastOut: at, failures: null } : { lastIn: at, failedIn: null }),
        });
        break;
      case "locked":
      case "held":
      case "refused":
        this.note({ unfinished });
        if (unfinished !== null) this.noteRepair(outcome);
        break;
      case "interrupted":
        break;
      case "failed": {
        this.note(to > from ? { failures: this.incremented("failures") } : { failedIn: at });
        const back = await executor.change(from, stop.immediate);
        this.noteRepair(back);
        return [
          `${describeOutcome(outcome, what)}; ${describeOutcome(back, `back to ${count(from, "zone")}`)}`,
          false,
        ];
      }
    }
    return verdict(outcome, what);
  }

  /** Repairs a change that did not finish. Then scales the exchange to the number of zones in the stack's outputs. */
  private async settle(seen: number, stop: Stop): Promise<Verdict> {
    const { executor } = this.options;
    const what = (zones: number): string =>
      `repairing an unfinished change, at ${count(zones, "zone")}`;
    const repaired = await this.repair(stop);
    if (repaired.kind !== "done") return verdict(repaired, what(seen));
    const zones = await executor.inService();
    const outcome = await executor.change(zones, AbortSignal.any([stop.graceful, stop.immediate]));
    this.noteRepair(outcome);
    return verdict(outcome, what(zones));
  }

  /** Repairs the stack. After each failure, the delay before the next attempt doubles, up to {@link LONGEST_WAIT}. */
  private async repair(stop: Stop): Promise<UpdateOutcome> {
    const { executor, interval, memory } = this.options;
    const { failedMends } = memory.read();
    if (failedMends !== null) {
      const { count, at } = failedMends;
      const left = at + Math.min(interval * 2 ** count, LONGEST_WAIT) - this.now();
      const seconds = String(Math.ceil(left / 1000));
      const why = `repair of an unfinished change is retried in ${seconds} s`;
      if (left > 0) return { kind: "held", why };
    }
    const outcome = await executor.repair(stop.immediate);
    if (outcome.kind === "failed") this.noteRepair(outcome);
    return outcome;
  }

  /** Writes the result of repairing or rolling back an unfinished change to the memory. */
  private noteRepair({ kind }: UpdateOutcome): void {
    if (kind === "done") this.note({ unfinished: null, failedMends: null });
    if (kind === "failed" || kind === "refused") {
      this.note({ failedMends: this.incremented("failedMends") });
    }
  }

  /**
   * Scales in to `zones` zones, and measures the load in the meantime. Cancels the scale-in if more than `zones` zones
   * are needed.
   */
  private async drain(zones: number, stop: Stop): Promise<UpdateOutcome> {
    const { executor } = this.options;
    const ended = new AbortController();
    const needed = new AbortController();
    const watching = this.untilShortOf(zones, ended.signal).then(
      () => {
        needed.abort();
      },
      () => undefined, // `ended` was aborted, because the change has ended
    );
    const outcome = await executor.change(
      zones,
      AbortSignal.any([stop.graceful, stop.immediate, needed.signal]),
    );
    ended.abort();
    await watching;
    return outcome.kind === "interrupted" && !stop.graceful.aborted && !stop.immediate.aborted
      ? { kind: "failed", why: "the zone is needed again" }
      : outcome;
  }

  /** Measures until more than `zones` zones are needed. @throws when `signal` is aborted. */
  private async untilShortOf(zones: number, signal: AbortSignal): Promise<void> {
    const { executor, decide, interval } = this.options;
    // Ignores cooldowns and earlier failures, because keeping a zone needs nothing from the cloud.
    const state = { ...NEVER_SCALED, zones, headroom: null };
    for (let isShort = false; !isShort;) {
      await this.pause(interval, signal);
      try {
        const { sample, counters } = await executor.observe();
        const samples = this.samplesWith(sample);
        isShort = decide(samples, state, sample.at).action === "out";
        this.note({ samples, counters });
      } catch {
        // The scale-in continues even if a measurement or a write of the memory fails. A scale-in cuts no calls,
        // because the guard refuses an update that may cut calls.
      }
      signal.throwIfAborted();
    }
  }

  private incremented(series: "failures" | "failedMends"): Memory["failures"] {
    const { [series]: failed } = this.options.memory.read();
    return { count: (failed?.count ?? 0) + 1, at: this.now() };
  }

  private remember({ sample, counters }: ExchangeObservation): Memory {
    const known = clampedTo(sample.at, this.options.memory.read());
    this.note({ ...known, samples: this.samplesWith(sample, known), counters });
    return this.options.memory.read();
  }

  private samplesWith(
    sample: Sample,
    known: Memory = clampedTo(sample.at, this.options.memory.read()),
  ): readonly Sample[] {
    return [...known.samples, sample].filter(({ at }) => at > sample.at - this.options.keep);
  }

  /** Writes `changes` to the memory. Returns the memory as it was before. */
  private note(changes: Partial<Memory>): Memory {
    const { memory } = this.options;
    const before = memory.read();
    memory.write({ ...before, ...changes });
    return before;
  }
}

type Verdict = readonly [outcome: string, ok: boolean];

/** Verdict of a tick that was asked to stop before it started its change. */
const ENDING: Verdict = ["held: stopping", true];

const verdict = (outcome: UpdateOutcome, what: string): Verdict => [
  describeOutcome(outcome, what),
  outcome.kind !== "failed" && outcome.kind !== "refused",
];

const NEVER_SCALED = { lastOut: null, lastIn: null, failedIn: null, failures: null } as const;

const scalingOf = ({
  lastOut,
  lastIn,
  failedIn,
  failures,
}: Memory): Omit<ScalingState, "zones" | "headroom"> => ({
  lastOut,
  lastIn,
  failedIn,
  failures,
});
