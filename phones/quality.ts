import { once } from "node:events";
import type { Call, PacketCounters } from "./call";
import { sleep, within } from "./within";

/** Quality of the media in one direction of a call, at the receiving phone. */
export interface CallQuality {
  readonly packetsSent: number;
  readonly packetsReceived: number;
  readonly packetsLost: number;
  readonly lossPercent: number;
  /** Jitter in the receiving phone's last RTCP report. */
  readonly jitterMs: number;
  /** Milliseconds from dialling to the answer, at the caller. */
  readonly setupMs: number;
}

export interface ConversationQuality {
  readonly callerToCallee: CallQuality;
  readonly calleeToCaller: CallQuality;
}

/**
 * Maximum number of missing packets that does not count as loss. The two phones' counters cannot be read at the same
 * instant, and a stream has one packet every 20 ms.
 */
const SAMPLING_ERROR = 2;

/** Number of samples taken before the measured time, and again after it. */
const SAMPLES = 10;
/** Milliseconds between two samples. */
const SAMPLE_INTERVAL = 50;

/** Timeout for the first RTCP report in milliseconds. Asterisk sends a report every five seconds. */
const REPORT_DEADLINE = 8_000;

interface Sample {
  readonly counters: PacketCounters;
  readonly lostHere: number;
  readonly lostThere: number;
}
type Sides<T> = readonly [caller: T, callee: T];

const sample = async (call: Call): Promise<Sample> => ({
  counters: await call.counters(),
  lostHere: call.report?.lostHere ?? 0,
  lostThere: call.report?.lostThere ?? 0,
});

interface Samples {
  readonly first: Sides<Sample>;
  readonly last: Sides<Sample>;
  /**
   * Returns the number of packets that one side sent and the other did not receive. This is the minimum over all
   * samples, so that packets in transit do not count.
   */
  missing(from: 0 | 1, to: 0 | 1): number;
}

async function samples(caller: Call, callee: Call): Promise<Samples> {
  const both = (): Promise<Sides<Sample>> => Promise.all([sample(caller), sample(callee)]);
  const first = await both();
  const all = [first];
  let last = first;
  while (all.length < SAMPLES) {
    await sleep(SAMPLE_INTERVAL);
    all.push((last = await both()));
  }
  return {
    first,
    last,
    missing: (from, to) =>
      Math.min(...all.map((sides) => sides[from].counters.sent - sides[to].counters.received)),
  };
}

/**
 * Measures the quality at both ends of an established call.
 *
 * A zone renumbers the packets on each leg, so a loss on the trunk leaves no gap in the sequence numbers at the
 * receiving phone. Therefore the loss is the larger of two numbers: the packets that one phone sent and the other did
 * not receive, and the gaps that RTCP reports for the legs between phones and zones.
 *
 * @param during duration of the measurement in seconds, or work that runs during the measurement.
 * @throws Error if a phone has no RTCP report within 8 s after `during`; CallRefused if the call was refused.
 */
export async function measure(
  caller: Call,
  callee: Call,
  during: number | (() => Promise<unknown>),
): Promise<ConversationQuality> {
  const setupMs = await caller.established;
  await callee.established;
  const before = await samples(caller, callee);
  await (typeof during === "number" ? sleep(during * 1000) : during());
  await Promise.all([caller, callee].map(withReport));
  const after = await samples(caller, callee);

  const direction = (from: 0 | 1, to: 0 | 1, receiver: Call): CallQuality => {
    // Returns the growth of a count from the last sample before `during` to the first sample after it.
    const since = (count: (sides: Sides<Sample>) => number): number =>
      count(after.first) - count(before.last);
    const packetsSent = since((sides) => sides[from].counters.sent);
    const unseen = after.missing(from, to) - before.missing(from, to);
    const told = (sides: Sides<Sample>): number => sides[from].lostThere + sides[to].lostHere;
    const gaps = told(after.last) - told(before.first);
    const packetsLost = Math.max(0, gaps, unseen > SAMPLING_ERROR ? unseen : 0);
    return {
      packetsSent,
      packetsReceived: since((sides) => sides[to].counters.received),
      packetsLost,
      lossPercent: packetsSent === 0 ? 100 : (100 * packetsLost) / packetsSent,
      jitterMs: receiver.report?.jitterMs ?? Number.NaN,
      setupMs,
    };
  };
  return {
    callerToCallee: direction(0, 1, callee),
    calleeToCaller: direction(1, 0, caller),
  };
}

async function withReport(call: Call): Promise<void> {
  if (call.report === null) {
    await within(REPORT_DEADLINE, "the first RTCP report of a call", once(call, "report"));
  }
}
