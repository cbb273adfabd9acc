import { setTimeout as sleep } from "node:timers/promises";
import type { UpdateOutcome } from "../stack/outcome";
import type { Decision, ScalingState } from "./decision";
import type { Executor, ExchangeLook } from "./executor";
import { are } from "./limits";
import { type Memory, notLaterThan } from "./memory";
import { inWords, isBlind, type Report } from "./report";
import type { Sample } from "./sample";
import { count } from "../core/format";

/** The autoscaler's decision under its policy. */
export type Decide = (samples: readonly Sample[], state: ScalingState, now: number) => Decision;

export interface TickOptions {
  readonly hands: Executor;
  readonly decide: Decide;
  readonly memory: { read(): Memory; write(memory: Memory): void };
  /** Time between two looks, and how long what they found is of use, in milliseconds. */
  readonly interval: number;
  readonly keep: number;
  readonly now?: () => number;
  readonly pause?: (milliseconds: number, signal: AbortSignal) => Promise<unknown>;
}

/** Who asks the autoscaler to end. */
export interface Stop {
  /** Calls off a drain, which may take an hour; a new zone is finished, which takes a minute or two. */
  readonly gently: AbortSignal;
  /** Calls off whatever is under way. */
  readonly atOnce: AbortSignal;
}

/** A decision, with what it rests on. */
export interface Considered {
  readonly decision: Decision;
  readonly state: ScalingState;
  readonly sample: Sample;
}

/** Something that was left half done and cannot be mended is not tried more often than this. */
const LONGEST_WAIT = 10 * 60_000;

/**
 * The autoscaler, a step at a time: look, decide, change, remember.
 *
 * A change is written down before it is begun. Whoever finds one that has not ended mends what it
 * left, and goes on from there: to what is decided now, or back to what the stack remembers.
 */
export class Ticker {
  private readonly now: () => number;
  private readonly pause: NonNullable<TickOptions["pause"]>;

  constructor(private readonly options: TickOptions) {
    this.now = options.now ?? Date.now;
    this.pause =
      options.pause ?? ((milliseconds, signal) => sleep(milliseconds, undefined, { signal }));
  }

  /** Looks and decides, and changes nothing but the memory of samples. */
  async consider(): Promise<Considered> {
    const { hands, decide } = this.options;
    const look = await hands.look();
    const { zones, sample } = look;
    const memory = this.remember(look);
    const state = { zones, ...scalingOf(memory), headroom: null };
    const decision = decide(memory.samples, state, sample.at);
    if (decision.action !== "out") return { decision, state, sample };
    // Only who wants more zones asks the cloud how many it gives.
    const known = { ...state, headroom: await hands.headroom() };
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
        : stop.gently.aborted
          ? ENDING
          : decision.action === "hold"
            ? await this.settle(from, stop)
            : await this.move(from, decision.zones, unfinished !== null, stop);
    return { decision, sample, from, outcome, ok: ok && !blind };
  }

  private async move(from: number, to: number, wasLeft: boolean, stop: Stop): Promise<Verdict> {
    const { hands } = this.options;
    const what = `from ${String(from)} to ${count(to, "zone")}`;
    const [hasPendingOperations, found] = wasLeft
      ? [true, from]
      : await Promise.all([hands.hasPendingOperations(), hands.inService()]);
    if (hasPendingOperations) {
      const mended = await this.repair(stop);
      if (mended.kind !== "done") return verdict(mended, what);
    }
    // Somebody may have changed their number by hand since it was read: it is not changed back.
    const now = hasPendingOperations ? await hands.inService() : found;
    if (now !== from) {
      return [`held: there ${are(now)} by now; the next look decides anew`, true];
    }
    if (stop.gently.aborted) return ENDING;
    const { unfinished } = this.note({ unfinished: { from, to } });
    const outcome = to < from ? await this.drain(to, stop) : await hands.change(to, stop.atOnce);
    const at = this.now();
    switch (outcome.kind) {
      case "done":
        this.note({
          ...{ unfinished: null, failedMends: null },
          ...(to > from ? { lastOut: at, failures: null } : { lastIn: at, failedIn: null }),
        });
        break;
      case "locked":
      case "held":
      case "refused":
        this.note({ unfinished });
        if (unfinished !== null) this.noteMended(outcome);
        break;
      case "interrupted":
        break;
      case "failed": {
        this.note(to > from ? { failures: this.oneMore("failures") } : { failedIn: at });
        const back = await hands.change(from, stop.atOnce);
        this.noteMended(back);
        return [
          `${inWords(outcome, what)}; ${inWords(back, `back to ${count(from, "zone")}`)}`,
          false,
        ];
      }
    }
    return verdict(outcome, what);
  }

  /** Brings the exchange to what the stack remembers, after a change that has not ended. */
  private async settle(seen: number, stop: Stop): Promise<Verdict> {
    const { hands } = this.options;
    const what = (zones: number): string =>
      `mending what was left half done, at ${count(zones, "zone")}`;
    const mended = await this.repair(stop);
    if (mended.kind !== "done") return verdict(mended, what(seen));
    const zones = await hands.inService();
    const outcome = await hands.change(zones, AbortSignal.any([stop.gently, stop.atOnce]));
    this.noteMended(outcome);
    return verdict(outcome, what(zones));
  }

  /** Takes away what was left half done. Where that has failed, the next try waits, each time longer. */
  private async repair(stop: Stop): Promise<UpdateOutcome> {
    const { hands, interval, memory } = this.options;
    const { failedMends } = memory.read();
    if (failedMends !== null) {
      const { count, at } = failedMends;
      const left = at + Math.min(interval * 2 ** count, LONGEST_WAIT) - this.now();
      const seconds = String(Math.ceil(left / 1000));
      const why = `what was left half done is tried again in ${seconds} s`;
      if (left > 0) return { kind: "held", why };
    }
    const outcome = await hands.repair(stop.atOnce);
    if (outcome.kind === "failed") this.noteMended(outcome);
    return outcome;
  }

  /** Remembers what became of the way back from a change that has not ended. */
  private noteMended({ kind }: UpdateOutcome): void {
    if (kind === "done") this.note({ unfinished: null, failedMends: null });
    if (kind === "failed" || kind === "refused") {
      this.note({ failedMends: this.oneMore("failedMends") });
    }
  }

  /** Lets zones leave when their calls have ended; they stay when they are needed before that. */
  private async drain(zones: number, stop: Stop): Promise<UpdateOutcome> {
    const { hands } = this.options;
    const ended = new AbortController();
    const needed = new AbortController();
    const watching = this.untilShortOf(zones, ended.signal).then(
      () => {
        needed.abort();
      },
      () => undefined, // the drain is over
    );
    const outcome = await hands.change(
      zones,
      AbortSignal.any([stop.gently, stop.atOnce, needed.signal]),
    );
    ended.abort();
    await watching;
    return outcome.kind === "interrupted" && !stop.gently.aborted && !stop.atOnce.aborted
      ? { kind: "failed", why: "its zone is needed again" }
      : outcome;
  }

  /** Ends when so many zones would be too few. @throws when `signal` is aborted. */
  private async untilShortOf(zones: number, signal: AbortSignal): Promise<void> {
    const { hands, decide, interval } = this.options;
    // A zone that stays takes no cloud: neither a cooldown nor a failure is a reason to wait for it.
    const state = { ...NEVER_SCALED, zones, headroom: null };
    for (let isShort = false; !isShort;) {
      await this.pause(interval, signal);
      try {
        const { sample, counters } = await hands.look();
        const samples = this.samplesWith(sample);
        isShort = decide(samples, state, sample.at).action === "out";
        this.note({ samples, counters });
      } catch {
        // Who cannot look, or write down what was seen, lets the drain go on: that loses no call.
      }
      signal.throwIfAborted();
    }
  }

  private oneMore(series: "failures" | "failedMends"): Memory["failures"] {
    const { [series]: failed } = this.options.memory.read();
    return { count: (failed?.count ?? 0) + 1, at: this.now() };
  }

  private remember({ sample, counters }: ExchangeLook): Memory {
    const known = notLaterThan(sample.at, this.options.memory.read());
    this.note({ ...known, samples: this.samplesWith(sample, known), counters });
    return this.options.memory.read();
  }

  private samplesWith(
    sample: Sample,
    known: Memory = notLaterThan(sample.at, this.options.memory.read()),
  ): readonly Sample[] {
    return [...known.samples, sample].filter(({ at }) => at > sample.at - this.options.keep);
  }

  /** Writes `changes` down, and returns what was there before. */
  private note(changes: Partial<Memory>): Memory {
    const { memory } = this.options;
    const before = memory.read();
    memory.write({ ...before, ...changes });
    return before;
  }
}

type Verdict = readonly [outcome: string, ok: boolean];

/** Of who was asked to end before it has begun anything. */
const ENDING: Verdict = ["held: ending", true];

const verdict = (outcome: UpdateOutcome, what: string): Verdict => [
  inWords(outcome, what),
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
