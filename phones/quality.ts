import { once } from "node:events";
import type { Call, Counters } from "./call";
import { sleep, within } from "./deadline";

/** Media of one direction of a call, as its receiver got it. */
export interface CallQuality {
  readonly packetsSent: number;
  readonly packetsReceived: number;
  readonly packetsLost: number;
  readonly lossPercent: number;
  readonly jitterMs: number;
  /** From the caller's INVITE to the answer. */
  readonly setupMs: number;
}

export interface ConversationQuality {
  readonly callerToCallee: CallQuality;
  readonly calleeToCaller: CallQuality;
}

/**
 * The two phones' counters cannot be read at the same instant: as many packets of a 20 ms stream
 * may be counted early, without any of them being lost.
 */
const SAMPLING_ERROR = 2;

/** How often the counters are read at either end of a measurement, and milliseconds between. */
const LOOKS = 10;
const LOOKS_INTERVAL = 50;

/** Asterisk sends its RTCP reports every five seconds. */
const REPORT_DEADLINE = 8_000;

interface Sample {
  readonly counters: Counters;
  readonly lostHere: number;
  readonly lostThere: number;
}
type Sides<T> = readonly [caller: T, callee: T];

const sample = async (call: Call): Promise<Sample> => ({
  counters: await call.counters(),
  lostHere: call.report?.lostHere ?? 0,
  lostThere: call.report?.lostThere ?? 0,
});

/** What several looks at both sides have shown. */
interface Looks {
  readonly first: Sides<Sample>;
  readonly last: Sides<Sample>;
  /** Packets from one side that the other one has not got: one under way arrives, a lost one does not. */
  missing(from: 0 | 1, to: 0 | 1): number;
}

async function looks(caller: Call, callee: Call): Promise<Looks> {
  const look = (): Promise<Sides<Sample>> => Promise.all([sample(caller), sample(callee)]);
  const first = await look();
  const all = [first];
  let last = first;
  while (all.length < LOOKS) {
    await sleep(LOOKS_INTERVAL);
    all.push((last = await look()));
  }
  return {
    first,
    last,
    missing: (from, to) =>
      Math.min(...all.map((sides) => sides[from].counters.sent - sides[to].counters.received)),
  };
}

/**
 * Listens to both ends of an established call.
 *
 * An exchange numbers the packets anew on each leg, so what its trunk drops leaves no gap for the
 * receiving phone to see. Loss is therefore what one phone sent and the other did not receive, and at
 * least the gaps that RTCP reports for the outer legs.
 *
 * @param during so many seconds, or as long as this takes.
 */
export async function measure(
  caller: Call,
  callee: Call,
  during: number | (() => Promise<unknown>),
): Promise<ConversationQuality> {
  const setupMs = await caller.established;
  await callee.established;
  const before = await looks(caller, callee);
  await (typeof during === "number" ? sleep(during * 1000) : during());
  await Promise.all([caller, callee].map(withReport));
  const after = await looks(caller, callee);

  const direction = (from: 0 | 1, to: 0 | 1, receiver: Call): CallQuality => {
    /** From the end of the looks before to the beginning of those after: that is `during`. */
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
