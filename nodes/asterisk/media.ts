/** Media statistics of one leg of a call. A value that Asterisk does not know is null. */
export interface Media {
  readonly codec: string | null;
  /** Packet loss in the worse direction. */
  readonly lossPercent: number | null;
  /** Jitter in the worse direction. */
  readonly jitterMs: number | null;
  /** One-way delay, estimated as half of the round trip time. */
  readonly delayMs: number | null;
}

export const UNKNOWN_MEDIA: Media = {
  codec: null,
  lossPercent: null,
  jitterMs: null,
  delayMs: null,
};

/** Parses the output of `pjsip show channelstats`. The keys of the result are channel names without `PJSIP/`. */
export function parsePjsipMedia(output: string): ReadonlyMap<string, Media> {
  const count = String.raw`(\d+K?)\s+`;
  const direction = String.raw`${count}${count}\d+\s+([\d.]+)\s+`;
  // The first column is empty if the channel is in no bridge.
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
      // `roundTrip` and `jitterThere` come from the phone's RTCP reports. Both are zero without reports.
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

/** Media statistics of a leg with chan_sip. The duration distinguishes several legs of one extension. */
export interface SipMedia extends Media {
  readonly extension: string;
  readonly seconds: number;
}

/**
 * Parses the output of `sip show channelstats`, `sip show channels` and `sip show peers`. The first has the statistics
 * and the beginning of the Call-ID. The second maps the Call-ID to an extension. The third has the round trip time of
 * SIP to the phone through the controller. chan_sip does not show the round trip time from RTCP.
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

/** Parses the output of `iax2 show channels`. Returns the codec of each channel, by name of the channel. */
export const parseTrunkCodecs = (output: string): ReadonlyMap<string, string> =>
  new Map(
    lines(output, /^(IAX2\/\S+)\s.*\s\d+ms\s+(\w+)\s+[RT]x:/).map(([channel = "", codec = ""]) => [
      channel,
      codec,
    ]),
  );

/** Returns the capture groups of `pattern` for each line that matches. */
const lines = (output: string, pattern: RegExp): string[][] =>
  output.split("\n").flatMap((line) => {
    const groups = pattern.exec(line)?.slice(1);
    return groups === undefined ? [] : [groups];
  });

const share = (gaps: number, count: number): number | null =>
  gaps + count === 0 ? null : (100 * gaps) / (gaps + count);

const worse = (a: number | null, b: number | null): number | null =>
  a === null ? b : b === null ? a : Math.max(a, b);
