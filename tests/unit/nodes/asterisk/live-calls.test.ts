import { parseLiveCalls } from "../../../../nodes/asterisk/live-calls";
import { parsePjsipMedia } from "../../../../nodes/asterisk/media";

/** Output of Asterisk 16.28 with chan_sip for two calls: one to another zone, and one in the zone. */
const CHAN_SIP = [
  `IAX2/zone2-16063!from-trunk!!1!Up!AppDial!(Outgoing Line)!1002!!!3!47!8f567488-0316-4ab4-af4e-75e1bb7e5970!zone1-1795493232.1
SIP/1008-00000002!local!1007!4!Up!Dial!SIP/1007,60!1008!!!3!1!a033f01b-851e-495c-8552-0edcd0ee8a37!zone1-1795493278.6
SIP/1001-00000000!from-users!1002!4!Up!Dial!IAX2/zone2/1002&IAX2/zone3/1002,60!1001!!!3!47!8f567488-0316-4ab4-af4e-75e1bb7e5970!zone1-1795493232.0
SIP/1007-00000003!from-users!!1!Up!AppDial!(Outgoing Line)!1007!!!3!1!a033f01b-851e-495c-8552-0edcd0ee8a37!zone1-1795493278.7
`,
  `Channel               Peer                                      Username    ID (Lo/Rem)  Seq (Tx/Rx)  Lag      Jitter  JitBuf  Format  FirstMsg    LastMsg
IAX2/zone2-16063      192.168.0.3                               zone1       16063/03492  00015/00019  00040ms  -0001ms  0000ms  ulaw    Tx:NEW      Rx:ACK    
1 active IAX channel
`,
  `Name/Username    Host                                           Mask                                      Port           Status      Description                     
zone3/zone1      192.168.0.4                              (S)  255.255.255.255                           4569      (E)  OK (5 ms)                                   
zone2/zone1      192.168.0.3                              (S)  255.255.255.255                           4569      (E)  OK (3 ms)                                   
2 iax2 peers [2 online, 0 offline, 0 unmonitored]
`,
  `No such command 'pjsip show channelstats' (type 'core show help pjsip show' for other possible commands)
`,
  `Peer             Call ID      Duration Recv: Pack  Lost       (     %) Jitter Send: Pack  Lost       (     %) Jitter
192.168.0.254    6d2c8f674e9  00:00:01 0000000082  0000000000 ( 0.00%) 0.0000 0000000080  0000000000 ( 0.00%) 0.0012
192.168.0.254    756a199b47b  00:00:01 0000000080  0000000000 ( 0.00%) 0.0000 0000000082  0000000000 ( 0.00%) 0.0014
192.168.0.254    d24b07d0d99  00:00:47 0000002368  0000000000 ( 0.00%) 0.0000 0000002368  0000000000 ( 0.00%) 0.0016
3 active SIP channels
`,
  `Peer             User/ANR         Call ID          Format           Hold     Last Message    Expiry     Peer      
192.168.0.254    (None)           d1f25271-09da-4  (nothing)        No       Rx: OPTIONS                <guest>   
192.168.0.254    1007-0x56352668  6d2c8f674e9237e  (ulaw)           No       Tx: ACK                    1007      
192.168.0.254    1008-0x55b4853b  756a199b47b4a7f  (ulaw)           No       Rx: ACK                    1008      
192.168.0.254    1001-0x55bb6daa  d24b07d0d99133f  (ulaw)           No       Rx: ACK                    1001      
4 active SIP dialogs
`,
  `Name/username             Host                                    Dyn Forcerport Comedia    ACL Port     Status      Description                      
1001/1001-0x55bb6daa6230  192.168.0.254                            D  Yes        Yes            49390    OK (1 ms)                                    
1007/1007-0x563526684230  192.168.0.254                            D  Yes        Yes            49416    OK (7 ms)                                    
1008/1008-0x55b4853b0230  192.168.0.254                            D  Yes        Yes            49432    UNREACHABLE                                  
9 sip peers [Monitored: 2 online, 7 offline Unmonitored: 0 online, 0 offline]
`,
];

/** Output of Asterisk 22 with PJSIP for two calls: one in the zone, and one from another zone. */
const PJSIP = [
  `PJSIP/1006-00000002!from-users!!1!Up!AppDial!(Outgoing Line)!1006!!!3!19!fe0a9c1c-4385-4146-9334-929ca35e570f!zone3-1795492987.4
PJSIP/1005-00000001!local!1006!4!Up!Dial!PJSIP/1006/sip:1006-0x55c2144cb230@192.168.0.254:42734;transport=TCP;x-ast-orig-host=198.51.100.200:29644,60!1005!!!3!19!fe0a9c1c-4385-4146-9334-929ca35e570f!zone3-1795492987.3
PJSIP/1004-00000000!from-users!!1!Up!AppDial!(Outgoing Line)!1004!!!3!19!70c54c4b-6276-4441-8cf3-82f55923cb53!zone3-1795492987.2
IAX2/zone1-15292!local!1004!4!Up!Dial!PJSIP/1004/sip:1004-0x562914374230@192.168.0.254:42718;transport=TCP;x-ast-orig-host=198.51.100.200:27984,60!1003!!!3!19!70c54c4b-6276-4441-8cf3-82f55923cb53!zone3-1795492987.1
`,
  `Channel               Peer                                      Username    ID (Lo/Rem)  Seq (Tx/Rx)  Lag      Jitter  JitBuf  Format  FirstMsg    LastMsg
IAX2/zone1-15292      192.168.0.2                               zone1       15292/12651  00009/00005  00000ms  -0001ms  0000ms  ulaw    Rx:NEW      Tx:ACK    
1 active IAX channel
`,
  `Name/Username    Host                                           Mask                                      Port           Status      Description                     
zone1/zone3      192.168.0.2                              (S)  255.255.255.255                           4569      (E)  OK (3 ms)                                   
1 iax2 peers [1 online, 0 offline, 0 unmonitored]
`,
  `
                                             ...........Receive......... .........Transmit..........
 BridgeId ChannelId ........ UpTime.. Codec.   Count    Lost Pct  Jitter   Count    Lost Pct  Jitter RTT....
 ===========================================================================================================

 70c54c4b 1004-00000000      00:00:19 ulaw      975       0    0   0.002    974       0    0   0.002   0.000
 fe0a9c1c 1005-00000001      00:00:19 ulaw      971       0    0   0.002    971       0    0   0.002   0.002
 fe0a9c1c 1006-00000002      00:00:19 ulaw      971       0    0   0.002    971       0    0   0.003   0.001

Objects found: 3

`,
];

const trunk = (end: string) => ({
  end,
  isTrunk: true,
  codec: "ulaw",
  lossPercent: null,
  jitterMs: null,
  delayMs: 1.5,
});
const phone = (end: string, jitterMs: number, delayMs: number | null) => ({
  end,
  isTrunk: false,
  codec: "ulaw",
  lossPercent: 0,
  jitterMs,
  delayMs,
});

describe("live calls", () => {
  test("have parties, legs and media statistics if the zone uses chan_sip", () => {
    expect(parseLiveCalls(CHAN_SIP)).toEqual([
      {
        from: "1001",
        to: "1002",
        state: "up",
        seconds: 47,
        legs: [phone("1001", 1.6, 0.5), trunk("zone2")],
      },
      {
        from: "1008",
        to: "1007",
        state: "up",
        seconds: 1,
        legs: [phone("1008", 1.4, null), phone("1007", 1.2, 3.5)],
      },
    ]);
  });

  test("have parties, legs and media statistics if the zone uses PJSIP", () => {
    expect(parseLiveCalls(PJSIP)).toEqual([
      {
        from: "1005",
        to: "1006",
        state: "up",
        seconds: 19,
        legs: [phone("1005", 2, 1), phone("1006", 3, 0.5)],
      },
      {
        from: "1003",
        to: "1004",
        state: "up",
        seconds: 19,
        legs: [trunk("zone1"), phone("1004", 2, 0)],
      },
    ]);
  });

  test("of one extension are matched with their media statistics by duration", () => {
    const [, ...others] = CHAN_SIP;
    const concise = `SIP/1001-00000000!from-users!1002!4!Up!Dial!SIP/1002,60!1001!!!3!47!bridge-a!zone1-1.0
SIP/1001-00000009!from-users!1009!4!Up!Dial!SIP/1009,60!1001!!!3!2!bridge-b!zone1-1.9
`;
    const twice = others.map((text) =>
      text.replace("1007      \n", "1001      \n").replace("0.0012", "0.0090"),
    );
    expect(
      parseLiveCalls([concise, ...twice]).map(({ legs }) => legs.map(({ jitterMs }) => jitterMs)),
    ).toEqual([[1.6], [9]]);
  });

  test.each([
    [
      "chan_sip",
      `SIP/1001-00000000!local!1002!4!Ring!Dial!SIP/1002,60!1001!!!3!0!!zone1-1795483223.0
SIP/1002-00000001!from-users!1002!1!Ringing!AppDial!(Outgoing Line)!1002!!!3!0!!zone1-1795483223.1
`,
      ["1001", "1002"],
    ],
    [
      "PJSIP",
      `PJSIP/1004-00000001!from-users!1004!1!Ringing!AppDial!(Outgoing Line)!1004!!!3!0!!zone2-1795483223.1
PJSIP/1003-00000000!local!1004!4!Ring!Dial!PJSIP/1004/sip:1004-0x55d2bcec8230@192.168.0.254:35164;transport=TCP;x-ast-orig-host=198.51.100.200:25056,60!1003!!!3!0!!zone2-1795483223.0
`,
      ["1003", "1004"],
    ],
  ])("that are ringing with %s have parties, but no media statistics", (_, concise, [from, to]) => {
    const nothing = { codec: null, lossPercent: null, jitterMs: null, delayMs: null };
    expect(parseLiveCalls([concise])).toEqual([
      {
        from,
        to,
        state: "ringing",
        seconds: 0,
        legs: [from, to].map((end) => ({ end, isTrunk: false, ...nothing })),
      },
    ]);
  });

  test("are an empty list if Asterisk has no channels", () => {
    expect(
      parseLiveCalls(["", "0 active IAX channels\n", "", "", "0 active SIP channels\n"]),
    ).toEqual([]);
  });
});

describe("media statistics of PJSIP", () => {
  const figures = (line: string) => [...parsePjsipMedia(`${line}\n`).values()];

  test("are those of the worse direction, even if Asterisk prints a count in thousands (180K)", () => {
    const line =
      " 70c54c4b 1004-00000000      01:00:19 g722      180K   2000    1   0.012    179K   4000    2   0.030   0.250";
    expect(figures(line)).toEqual([
      { codec: "g722", lossPercent: (100 * 4000) / 183000, jitterMs: 30, delayMs: 125 },
    ]);
  });

  test("have no delay before the first RTCP report of the phone", () => {
    const line =
      "          1004-00000000      00:00:01 ulaw       50       0    0   0.002     50       0    0   0.000   0.000";
    expect(figures(line)).toEqual([{ codec: "ulaw", lossPercent: 0, jitterMs: 2, delayMs: null }]);
  });
});

test("parseLiveCalls makes data of a caller safe to print, and ignores a truncated line", () => {
  const line = (dialled: string, number: string): string =>
    `PJSIP/1001-00000001!from-users!${dialled}!1!Up!Dial!x!${number}!!!3!7!b!zone1-1.1`;
  const [call, ...others] = parseLiveCalls([
    `${line("1002", "\u001b[2J10\u202e01")}\n${line("1\n2", "1003")}\nPJSIP/1004-00000001!x!y\n`,
  ]);

  expect(call).toMatchObject({ from: "?[2J10?01", seconds: 7 });
  expect(others).toEqual([]);
});
