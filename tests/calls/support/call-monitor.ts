import type { Call } from "../../../phones/call";
import { Deferred } from "../../../phones/deferred";
import type { Phone } from "../../../phones/phone";
import { type ConversationQuality, measure } from "../../../phones/quality";
import { sleep, within } from "../../../phones/within";
import type { Exchange } from "./exchange";

/** Interval between two readings of the phones' counters, in milliseconds. */
const INTERVAL = 200;
/** Duration of the audio in a packet, in milliseconds. */
const PACKET = 20;
/** Longest silence that people take for a pause in the conversation, in milliseconds. */
const SILENCE = 1_000;
/** Deadline for a BYE to reach the other end, in milliseconds. */
const BYE_DEADLINE = 5_000;

export interface CallObservation {
  /** Packet loss in the worse direction. */
  readonly lossPercent: number;
  /** Longest silence at a phone while the other phone sent audio, in milliseconds. */
  readonly longestSilence: number;
  /** Reason for the end of the call; null while both ends are up. */
  readonly ended: string | null;
}

/** Returns a matcher for numbers up to `limit`. A failed match shows the limit. */
const atMost = (limit: number): number =>
  ({
    asymmetricMatch: (value: unknown) => typeof value === "number" && value <= limit,
    toAsymmetricMatcher: () => `at most ${String(limit)}`,
  }) as unknown as number;

/** Returns the expected observation of an undisturbed call. @param silence longest allowed silence, in milliseconds. */
export const undisturbed = (silence = SILENCE): CallObservation => ({
  lossPercent: atMost(1),
  longestSilence: atMost(silence),
  ended: null,
});

/** Observer of a call, for tests that change the exchange during the call. */
export class CallMonitor {
  private readonly stopped = new Deferred<undefined>();
  private readonly quality: Promise<ConversationQuality>;
  private readonly silences: Promise<number[]>;
  private isListening = true;
  private ended: string | null = null;

  private constructor(private readonly ends: readonly [Call, Call]) {
    for (const end of ends) void end.closed.then((reason) => (this.ended ??= reason));
    this.quality = measure(...ends, () => this.stopped.promise);
    const [one, other] = ends;
    this.silences = Promise.all([this.longestSilence(one, other), this.longestSilence(other, one)]);
    // `result` throws the errors of both observations. Without this handler, an error before the call of `result` would
    // be an unhandled rejection.
    for (const observation of [this.quality, this.silences]) observation.catch(() => undefined);
  }

  /** Places a call, and starts the observation when both phones hear each other. */
  static async between(exchange: Exchange, caller: Phone, callee: Phone): Promise<CallMonitor> {
    const ends = await exchange.connect(caller, callee);
    await exchange.hear(caller, callee);
    return CallMonitor.of(ends);
  }

  /** Starts the observation of a call that is up. */
  static of(ends: readonly [Call, Call]): CallMonitor {
    return new CallMonitor(ends);
  }

  /** Ends the observation, and returns its result. The call continues. */
  async result(): Promise<CallObservation> {
    this.isListening = false;
    this.stopped.resolve(undefined);
    const [{ callerToCallee, calleeToCaller }, silences] = await Promise.all([
      this.quality,
      this.silences,
    ]);
    return {
      lossPercent: Math.max(callerToCallee.lossPercent, calleeToCaller.lossPercent),
      longestSilence: Math.max(...silences),
      ended: this.ended,
    };
  }

  /** Hangs up one end. @throws Error if the other end gets no BYE. */
  async hangUp(end: 0 | 1 = 0): Promise<void> {
    const [caller, callee] = this.ends;
    const [hanging, other] = end === 0 ? [caller, callee] : [callee, caller];
    await hanging.hangUp();
    await within(BYE_DEADLINE, "a BYE to the other end", other.closed);
  }

  /**
   * Returns the longest silence at the listener, in milliseconds. Counts the packets that the speaker sent, instead of
   * time: if the machine pauses, the phones pause as well.
   */
  private async longestSilence(listener: Call, speaker: Call): Promise<number> {
    const read = async (): Promise<readonly [heard: number, said: number]> => {
      const [{ received }, { sent }] = await Promise.all([listener.counters(), speaker.counters()]);
      return [received, sent];
    };
    let [longest, before] = [0, await read()];
    while (this.isListening && this.ended === null) {
      await sleep(INTERVAL);
      const now = await read();
      const [heard, said] = [now[0] - before[0], now[1] - before[1]];
      longest = Math.max(longest, (said - heard) * PACKET);
      if (heard > 0) before = now;
    }
    return longest;
  }
}
