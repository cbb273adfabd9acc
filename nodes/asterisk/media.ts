/** How the media of one leg of a call does, as Asterisk knows it. What it does not know is null. */
export interface Media {
  readonly codec: string | null;
  /** Of the worse direction. */
  readonly lossPercent: number | null;
  /** Of the worse direction. */
  readonly jitterMs: number | null;
  /** One way, taken for half of the way there and back. */
  readonly delayMs: number | null;
}

export const UNKNOWN_MEDIA: Media = {
  codec: null,
  lossPercent: null,
  jitterMs: null,
  delayMs: null,
};

/** What `pjsip show channelstats` prints, by the channel's name without `PJSIP/`. */
export function parsePjsipMedia(output: string): ReadonlyMap<string, Media> {
  const count = String.raw`(\d+K?)\s+`;
  const direction = String.raw`${count}${count}\d+\s+([\d.]+)\s+`;
  // A channel that is in no bridge has nothing in the first column.
  const line = new RegExp(
    String.raw`(?:^|\s)(\S+-[0-9a-f]{8})\s+[\d:]+\s+(\S+)\s+${direction}${direction}([\d.]+)\s*$`,
  );
  return new Map(
    output.split("\n").flatMap((text): [string, Media][] => {
      const [, channel, codec, ...values] = line.exec(text) ?? [];
      if (channel === undefined || codec === undefined) return [];
      const [received, gapsHere, jitterHere, sent, gapsThere, jitterThere, roundTrip] = values.map(
        (value) => Number(value.replace("K", "000")),
      ) as [number, number, number, number, number, number, number];
      // Both come with the phone's reports: without any they are zero.
      const isReported = roundTrip > 0 || jitterThere > 0;
      return [
        [
          channel,
          {
            codec,
            lossPercent: worse(share(gapsHere, received), share(gapsThere, sent)),
            jitterMs: received === 0 ? null : 1000 * Math.max(jitterHere, jitterThere),
            delayMs: isReported ? (1000 * roundTrip) / 2 : null,
          },
        ],
      ];
    }),
  );
}

/** Media of a leg of chan_sip. Its extension may have other legs, which have lasted longer or less. */
export interface SipMedia extends Media {
  readonly extension: string;
  readonly seconds: number;
}

/**
 * What `sip show channelstats`, `sip show channels` and `sip show peers` print. The first has the
 * figures and the beginning of the Call-ID; the second tells whose that is; the third how long a
 * phone takes to answer, by way of the controller, since chan_sip does not show what RTCP says of it.
 */
export function parseSipMedia(stats: string, channels: string, peers: string): SipMedia[] {
  const dialogs = lines(channels, /^[\d.]+\s+\S+\s+(\S+)\s+\((\w+)\)\s.*\s(\d+)\s*$/);
  const roundTrips = new Map(
    lines(peers, /^(\d+)(?:\/\S*)?\s.*(?:OK|LAGGED) \((\d+) ms\)/).map(([extension = "", ms]) => [
      extension,
      Number(ms),
    ]),
  );
  const line =
    /^[\d.]+\s+(\S+)\s+(\d+):(\d+):(\d+)\s+(\d+)K?\s+\d+\s+\(\s*([\d.]+)%\)\s+([\d.]+)\s+(\d+)K?\s+\d+\s+\(\s*([\d.]+)%\)\s+([\d.]+)/;
  return lines(stats, line).flatMap(([callId = "", ...values]) => {
    const dialog = dialogs.find(([known = ""]) => known.startsWith(callId));
    if (dialog === undefined) return [];
    const [, codec = "", extension = ""] = dialog;
    const [hours, minutes, seconds, received, lossHere, jitterHere, sent, lossThere, jitterThere] =
      values.map(Number) as [
        number,
        number,
        number,
        number,
        number,
        number,
        number,
        number,
        number,
      ];
    const roundTrip = roundTrips.get(extension);
    return [
      {
        extension,
        seconds: (hours * 60 + minutes) * 60 + seconds,
        codec: codec === "nothing" ? null : codec,
        lossPercent: worse(received > 0 ? lossHere : null, sent > 0 ? lossThere : null),
        jitterMs: received === 0 ? null : 1000 * Math.max(jitterHere, jitterThere),
        delayMs: roundTrip === undefined ? null : roundTrip / 2,
      },
    ];
  });
}

/** Codecs that `iax2 show channels` prints, by the channel's name. */
export const parseTrunkCodecs = (output: string): ReadonlyMap<string, string> =>
  new Map(
    lines(output, /^(IAX2\/\S+)\s.*\s\d+ms\s+(\w+)\s+[RT]x:/).map(([channel = "", codec = ""]) => [
      channel,
      codec,
    ]),
  );

/** The groups of `pattern` in the lines that match it. */
const lines = (output: string, pattern: RegExp): string[][] =>
  output.split("\n").flatMap((line) => {
    const groups = pattern.exec(line)?.slice(1);
    return groups === undefined ? [] : [groups];
  });

const share = (gaps: number, count: number): number | null =>
  gaps + count === 0 ? null : (100 * gaps) / (gaps + count);

const worse = (a: number | null, b: number | null): number | null =>
  a === null ? b : b === null ? a : Math.max(a, b);
