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
  /** The longest time in which one of the phones heard nothing, in milliseconds. */
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
    this.silences = Promise.all(ends.map((end) => this.longestSilence(end)));
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

  /** However late an answer of the phone comes, a packet that arrived was 20 ms of sound. */
  private async longestSilence(end: Call): Promise<number> {
    let [longest, heard, since] = [0, (await end.counters()).received, performance.now()];
    while (this.isListening && this.ended === null) {
      await sleep(INTERVAL);
      const { received } = await end.counters();
      const now = performance.now();
      longest = Math.max(longest, now - since - (received - heard) * PACKET);
      if (received > heard) [heard, since] = [received, now];
    }
    return Math.round(longest);
  }
}
