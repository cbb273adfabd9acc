import { setTimeout as sleep } from "node:timers/promises";
import type { Decision, ScalingState } from "./decision";
import type { Hands, Look, Outcome } from "./hands";
import { are } from "./limits";
import type { Memory } from "./memory";
import { inWords, isBlind, type Report } from "./report";
import type { Sample } from "./sample";
import { count } from "./words";

/** The autoscaler's decision under its policy. */
export type Decide = (samples: readonly Sample[], state: ScalingState, now: number) => Decision;

export interface TickOptions {
  readonly hands: Hands;
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
      decision.action !== "hold"
        ? await this.move(from, decision.zones, unfinished !== null, stop)
        : unfinished !== null
          ? await this.settle(from, stop)
          : ([blind ? "nothing was done" : "nothing to do", true] as const);
    return { decision, sample, from, outcome, ok: ok && !blind };
  }

  private async move(from: number, to: number, wasLeft: boolean, stop: Stop): Promise<Verdict> {
    const { hands } = this.options;
    const what = `from ${String(from)} to ${count(to, "zone")}`;
    const [isBroken, found] = wasLeft
      ? [true, from]
      : await Promise.all([hands.isBroken(), hands.inService()]);
    if (isBroken) {
      const mended = await hands.mend();
      if (mended.kind === "failed") this.note({ failures: this.oneMoreFailure() });
      if (mended.kind !== "done") return verdict(mended, what);
    }
    // Somebody may have changed their number by hand since it was read: it is not changed back.
    const now = isBroken ? await hands.inService() : found;
    if (now !== from) {
      return [`held: there ${are(now)} by now; the next look decides anew`, true];
    }
    const { unfinished } = this.note({ unfinished: { from, to } });
    const outcome = to < from ? await this.drain(to, stop) : await hands.change(to, stop.atOnce);
    const at = this.now();
    switch (outcome.kind) {
      case "done":
        this.note({
          unfinished: null,
          ...(to > from ? { lastOut: at, failures: null } : { lastIn: at }),
        });
        break;
      case "locked":
        this.note({ unfinished });
        break;
      case "interrupted":
        break;
      case "failed": {
        // A zone that could not leave is given as long as if it had left, before it is asked again.
        this.note(to > from ? { failures: this.oneMoreFailure() } : { lastIn: at });
        const back = await hands.change(from, stop.atOnce);
        if (back.kind === "done") this.note({ unfinished: null });
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
    const { hands, interval, memory } = this.options;
    const { failures } = memory.read();
    const wait = failures === null ? 0 : Math.min(interval * 2 ** failures.count, LONGEST_WAIT);
    const left = (failures?.at ?? 0) + wait - this.now();
    if (left > 0) {
      const seconds = String(Math.ceil(left / 1000));
      return [`held: what was left half done is tried again in ${seconds} s`, true];
    }
    const mended = await hands.mend();
    const zones = mended.kind === "done" ? await hands.inService() : seen;
    const signal = AbortSignal.any([stop.gently, stop.atOnce]);
    const outcome = mended.kind === "done" ? await hands.change(zones, signal) : mended;
    if (outcome.kind === "done") this.note({ unfinished: null });
    if (outcome.kind === "failed") this.note({ failures: this.oneMoreFailure() });
    return verdict(outcome, `mending what was left half done, at ${count(zones, "zone")}`);
  }

  /** Lets zones leave when their calls have ended; they stay when they are needed before that. */
  private async drain(zones: number, stop: Stop): Promise<Outcome> {
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
    for (;;) {
      await this.pause(interval, signal);
      // Who cannot look lets the drain go on: that loses no call.
      const look = await hands.look().catch(() => null);
      signal.throwIfAborted();
      if (look === null) continue;
      const memory = this.remember(look);
      const state = { zones, ...scalingOf(memory), headroom: null };
      if (decide(memory.samples, state, look.sample.at).action === "out") return;
    }
  }

  private oneMoreFailure(): NonNullable<Memory["failures"]> {
    const { failures } = this.options.memory.read();
    return { count: (failures?.count ?? 0) + 1, at: this.now() };
  }

  private remember({ sample, counters }: Look): Memory {
    const { memory, keep } = this.options;
    const samples = [...memory.read().samples, sample].filter(({ at }) => at > sample.at - keep);
    this.note({ samples, counters });
    return memory.read();
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

const verdict = (outcome: Outcome, what: string): Verdict => [
  inWords(outcome, what),
  outcome.kind !== "failed",
];

const scalingOf = ({
  lastOut,
  lastIn,
  failures,
}: Memory): Omit<ScalingState, "zones" | "headroom"> => ({
  lastOut,
  lastIn,
  failures,
});
