import type { Call, ConversationQuality, Phone } from "../../../phones";
import { measure } from "../../../phones";
import { Deferred } from "../../../phones/deferred";
import { sleep, within } from "../../../phones/deadline";
import type { Exchange } from "./exchange";

/** How often the phones are asked what they heard, in milliseconds. */
const INTERVAL = 200;
/** How much sound a packet has, in milliseconds. */
const PACKET = 20;
/** What people take for a pause in the conversation, in milliseconds. */
const SILENCE = 1_000;
/** How long a BYE may take to the other end, in milliseconds. */
const BYE_DEADLINE = 5_000;

/** What a call noticed of a change of the exchange. */
export interface Testimony {
  /** Of the worse direction. */
  readonly lossPercent: number;
  /** The longest time in which one of the phones heard nothing of what the other one said, in milliseconds. */
  readonly longestSilence: number;
  /** Why it is over; null while both ends are up. */
  readonly ended: string | null;
}

/** Matches a number up to `limit`, and shows the limit beside a number that is beyond it. */
const atMost = (limit: number): number =>
  ({
    asymmetricMatch: (value: unknown) => typeof value === "number" && value <= limit,
    toAsymmetricMatcher: () => `at most ${String(limit)}`,
  }) as unknown as number;

/** Of a call that noticed nothing. @param silence that it may have heard, in milliseconds. */
export const undisturbed = (silence = SILENCE): Testimony => ({
  lossPercent: atMost(1),
  longestSilence: atMost(silence),
  ended: null,
});

/** A call that is up while the exchange is changed. */
export class Witness {
  private readonly dismissed = new Deferred<undefined>();
  private readonly quality: Promise<ConversationQuality>;
  private readonly silences: Promise<number[]>;
  private isListening = true;
  private ended: string | null = null;

  private constructor(private readonly ends: readonly [Call, Call]) {
    for (const end of ends) void end.closed.then((reason) => (this.ended ??= reason));
    this.quality = measure(...ends, () => this.dismissed.promise);
    const [one, other] = ends;
    this.silences = Promise.all([this.longestSilence(one, other), this.longestSilence(other, one)]);
    // Whoever asks for the testimony hears of a phone that is gone; nobody may.
    for (const observation of [this.quality, this.silences]) observation.catch(() => undefined);
  }

  /** Calls, and listens from when both ends hear each other. */
  static async between(exchange: Exchange, caller: Phone, callee: Phone): Promise<Witness> {
    const ends = await exchange.connect(caller, callee);
    await exchange.hear(caller, callee);
    return Witness.of(ends);
  }

  /** Listens to a call that is up. */
  static of(ends: readonly [Call, Call]): Witness {
    return new Witness(ends);
  }

  /** Ends the observation; the call goes on. */
  async testimony(): Promise<Testimony> {
    this.isListening = false;
    this.dismissed.resolve(undefined);
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

  /** One end hangs up. @throws Error when the other end is not told. */
  async hangUp(end: 0 | 1 = 0): Promise<void> {
    const [caller, callee] = this.ends;
    const [hanging, other] = end === 0 ? [caller, callee] : [callee, caller];
    await hanging.hangUp();
    await within(BYE_DEADLINE, "a BYE to the other end", other.closed);
  }

  /** By packets and not by the clock: where the machine pauses, a phone says nothing either. */
  private async longestSilence(listener: Call, speaker: Call): Promise<number> {
    const look = async (): Promise<readonly [heard: number, said: number]> => {
      const [{ received }, { sent }] = await Promise.all([listener.counters(), speaker.counters()]);
      return [received, sent];
    };
    let [longest, before] = [0, await look()];
    while (this.isListening && this.ended === null) {
      await sleep(INTERVAL);
      const now = await look();
      const [heard, said] = [now[0] - before[0], now[1] - before[1]];
      longest = Math.max(longest, (said - heard) * PACKET);
      if (heard > 0) before = now;
    }
    return longest;
  }
}
