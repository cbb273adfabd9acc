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
import type { Session } from "../../ssh/session";
import { printable } from "../../core/text";

/** One end of a call, as a zone has it: a phone of the zone, or the trunk to another one. */
export interface Leg extends Media {
  /** Extension of the phone, or name of the other zone. */
  readonly end: string;
  readonly isTrunk: boolean;
}

/** A call that a zone carries. One that goes across the trunk is a call of both zones. */
export interface LiveCall {
  /** Extensions. */
  readonly from: string;
  readonly to: string;
  readonly state: "up" | "ringing";
  /** Since it began. */
  readonly seconds: number;
  /** The caller's first. */
  readonly legs: readonly Leg[];
}

/** A line of `core show channels concise`. */
interface Channel {
  readonly name: string;
  readonly technology: string;
  readonly end: string;
  /** What was dialled on it. */
  readonly dialled: string;
  readonly isUp: boolean;
  /** Whether it dials the other legs of its call. */
  readonly isCaller: boolean;
  /** Of whoever is at its end. */
  readonly number: string;
  readonly seconds: number;
  readonly bridge: string;
}

/** The last four are of one driver or the other, and do not exist where that is not in use. */
const COMMANDS = [
  "core show channels concise",
  "iax2 show channels",
  "iax2 show peers",
  "pjsip show channelstats",
  "sip show channelstats",
  "sip show channels",
  "sip show peers",
] as const;

/** Looks at the calls of a zone. An Asterisk that does not run has none. */
export async function liveCallsOf(zone: Session): Promise<LiveCall[]> {
  try {
    return parseLiveCalls(await asterisk(zone, COMMANDS));
  } catch (error) {
    if (!(error instanceof NotRunning)) throw error;
    return [];
  }
}

/** What those commands print. */
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

/** Columns of a line of `core show channels concise`, at the least. */
const COLUMNS = 14;

function parseChannelLines(concise: string): Channel[] {
  return channelLines(concise).flatMap(({ name, technology, end, columns }) => {
    // What was dialled may itself hold the separator: the other columns are counted from either end.
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

/** Channels of a call have a bridge in common; before it is answered, the number that was dialled. */
function groups(channels: readonly Channel[]): Map<string, Channel[]> {
  const found = new Map<string, Channel[]>();
  for (const channel of channels) {
    const { bridge, isCaller, dialled, number } = channel;
    const key = bridge === "" ? (isCaller ? dialled : number) : bridge;
    found.set(key, [...(found.get(key) ?? []), channel]);
  }
  return found;
}

const nearest = (media: readonly SipMedia[], seconds: number): Media =>
  [...media].sort((a, b) => Math.abs(a.seconds - seconds) - Math.abs(b.seconds - seconds))[0] ??
  UNKNOWN_MEDIA;
