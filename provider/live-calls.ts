import { askAsterisk, parseTrunkPeers } from "./asterisk";
import {
  type Media,
  parsePjsipMedia,
  parseSipMedia,
  parseTrunkCodecs,
  type SipMedia,
  UNKNOWN_MEDIA,
} from "./media";
import type { Session } from "./session";

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

const PART = "--- part";

/** Looks at the calls of a zone. An Asterisk that does not run has none. */
export async function liveCallsOf(zone: Session): Promise<LiveCall[]> {
  const output = await askAsterisk(
    zone,
    `rx 'core show channels concise'
     echo '${PART}'
     rx 'iax2 show channels'
     echo '${PART}'
     rx 'iax2 show peers'
     echo '${PART}'
     if grep -q '"sipDriver":"chan_sip"' /etc/trunkline/node.json; then
       rx 'sip show channelstats'
       echo '${PART}'
       rx 'sip show channels'
       echo '${PART}'
       rx 'sip show peers' | grep -v '(Unspecified)'
     else
       rx 'pjsip show channelstats'
     fi`,
  );
  return parseLiveCalls((output ?? "").split(`${PART}\n`));
}

/** What those commands print: the figures of PJSIP are one part, those of chan_sip three. */
export function parseLiveCalls([
  concise = "",
  trunkChannels = "",
  trunkPeers = "",
  stats = "",
  sipChannels = "",
  sipPeers = "",
]: readonly string[]): LiveCall[] {
  const pjsip = parsePjsipMedia(stats);
  const sip = parseSipMedia(stats, sipChannels, sipPeers);
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

function parseChannelLines(concise: string): Channel[] {
  return concise.split("\n").flatMap((line) => {
    const fields = line.split("!");
    // What was dialled may itself hold the separator: the other fields are counted from either end.
    const [name = "", , dialled = "", , state = "", application = ""] = fields;
    const [number = "", , , , seconds = "", bridge = ""] = fields.slice(-7);
    const [, technology, end] = /^(\w+)\/(.+)-[0-9a-f]+$/.exec(name) ?? [];
    if (technology === undefined || end === undefined) return [];
    return [
      {
        name,
        technology,
        end,
        dialled,
        isUp: state === "Up",
        isCaller: application !== "AppDial",
        number,
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
