import { printable } from "../../core/text";
import type { Session } from "../../ssh/session";
import { channelLines, parseTrunkPeers } from "./activity";
import { asterisk, NotRunning } from "./console";
import {
  type Media,
  parsePjsipMedia,
  parseSipMedia,
  parseTrunkCodecs,
  type SipMedia,
  UNKNOWN_MEDIA,
} from "./media";

/** One end of a call in a zone: a phone of the zone, or the trunk to another zone. */
export interface Leg extends Media {
  /** Extension of the phone, or name of the other zone. */
  readonly end: string;
  readonly isTrunk: boolean;
}

/** A call of a zone. A call over the trunk appears in both zones. */
export interface LiveCall {
  /** Extension of the caller; empty if unknown. */
  readonly from: string;
  /** Extension of the callee; empty if unknown. */
  readonly to: string;
  readonly state: "up" | "ringing";
  /** Seconds since the oldest channel of the call was created. */
  readonly seconds: number;
  /** The caller's leg comes first. */
  readonly legs: readonly Leg[];
}

/** Values in a line of `core show channels concise`. */
interface Channel {
  readonly name: string;
  readonly technology: string;
  readonly end: string;
  /** Number that was dialled on the channel. */
  readonly dialled: string;
  readonly isUp: boolean;
  /** Whether this is the channel of the caller, which dials the other legs of the call. */
  readonly isCaller: boolean;
  /** Extension of the phone that this channel leads to, directly or over the trunk. */
  readonly number: string;
  readonly seconds: number;
  /** Identifier of the channel's bridge; empty before the call is answered. */
  readonly bridge: string;
}

/** Each of the last four commands belongs to one SIP driver, and exists only if the zone uses that driver. */
const COMMANDS = [
  "core show channels concise",
  "iax2 show channels",
  "iax2 show peers",
  "pjsip show channelstats",
  "sip show channelstats",
  "sip show channels",
  "sip show peers",
] as const;

/** Returns the calls of a zone; none if Asterisk does not run. @throws NodeError */
export async function liveCallsOf(zone: Session): Promise<LiveCall[]> {
  try {
    return parseLiveCalls(await asterisk(zone, COMMANDS));
  } catch (error) {
    if (!(error instanceof NotRunning)) throw error;
    return [];
  }
}

/** Parses the outputs of {@link COMMANDS}, in the same order. */
export function parseLiveCalls([
  concise = "",
  trunkChannels = "",
  trunkPeers = "",
  pjsipStats = "",
  sipStats = "",
  sipChannels = "",
  sipPeers = "",
]: readonly string[]): LiveCall[] {
  const pjsip = parsePjsipMedia(pjsipStats);
  const sip = parseSipMedia(sipStats, sipChannels, sipPeers);
  const codecs = parseTrunkCodecs(trunkChannels);
  const peers = parseTrunkPeers(trunkPeers);

  const mediaOf = ({ name, technology, end, seconds }: Channel): Media => {
    switch (technology) {
      case "PJSIP":
        return pjsip.get(name.slice("PJSIP/".length)) ?? UNKNOWN_MEDIA;
      case "SIP":
        return nearest(
          sip.filter(({ extension }) => extension === end),
          seconds,
        );
      default: {
        const roundTrip = peers.find((peer) => peer.name === end)?.latency ?? null;
        return {
          ...UNKNOWN_MEDIA,
          codec: codecs.get(name) ?? null,
          delayMs: roundTrip === null ? null : roundTrip / 2,
        };
      }
    }
  };

  return [...groups(parseChannelLines(concise)).values()].map((channels) => {
    const caller = channels.find(({ isCaller }) => isCaller);
    const callee = channels.find(({ isCaller }) => !isCaller);
    return {
      from: caller?.number ?? "",
      to: callee?.number ?? caller?.dialled ?? "",
      state: channels.every(({ isUp }) => isUp) ? "up" : "ringing",
      seconds: Math.max(...channels.map(({ seconds }) => seconds)),
      legs: [...channels]
        .sort((a, b) => Number(b.isCaller) - Number(a.isCaller))
        .map((channel) => {
          const { codec, lossPercent, jitterMs, delayMs } = mediaOf(channel);
          const { end, technology } = channel;
          return { end, isTrunk: technology === "IAX2", codec, lossPercent, jitterMs, delayMs };
        }),
    };
  });
}

/** Minimum number of columns in a line of `core show channels concise`. */
const COLUMNS = 14;

function parseChannelLines(concise: string): Channel[] {
  return channelLines(concise).flatMap(({ name, technology, end, columns }) => {
    // Values such as the dial string may contain the separator `!`, so the last seven columns are counted from the end.
    const [, , dialled = "", , state = "", application = ""] = columns;
    const [number = "", , , , seconds = "", bridge = ""] = columns.slice(-7);
    if (columns.length < COLUMNS || !/^\d+$/.test(seconds)) return [];
    return [
      {
        name,
        technology,
        end: printable(end),
        dialled: printable(dialled),
        isUp: state === "Up",
        isCaller: application !== "AppDial",
        number: printable(number),
        seconds: Number(seconds),
        bridge,
      },
    ];
  });
}

/** Groups channels by call: by their bridge, or by the dialled number before the call is answered. */
function groups(channels: readonly Channel[]): Map<string, Channel[]> {
  const found = new Map<string, Channel[]>();
  for (const channel of channels) {
    const { bridge, isCaller, dialled, number } = channel;
    const key = bridge === "" ? (isCaller ? dialled : number) : bridge;
    found.set(key, [...(found.get(key) ?? []), channel]);
  }
  return found;
}

/** Returns the statistics whose duration is nearest to `seconds`; unknown statistics if `media` is empty. */
const nearest = (media: readonly SipMedia[], seconds: number): Media =>
  [...media].sort((a, b) => Math.abs(a.seconds - seconds) - Math.abs(b.seconds - seconds))[0] ??
  UNKNOWN_MEDIA;
