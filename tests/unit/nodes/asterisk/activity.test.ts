import {
  parseChannels,
  parseContacts,
  parseTrunkPeers,
  registrarKeys,
} from "../../../../nodes/asterisk/activity";

/** Output of Asterisk 16.28 and 22 during calls, while phones were ringing, and without calls. */
const CALLS = {
  "chan_sip, across the trunk": [
    "IAX2/zone2-10799!from-trunk!!1!Up!AppDial!(Outgoing Line)!1003!!!3!0!77474954-5c04-4cf7-9c37-f30848b1197d!zone1-1795481544.1",
    "IAX2/zone3-15694!local!1002!4!Up!Dial!SIP/1002,60!1005!!!3!0!d330129e-14e5-4762-b468-ba12afe5d79a!zone1-1795481544.3",
    "SIP/1001-00000000!from-users!1003!4!Up!Dial!IAX2/zone2/1003&IAX2/zone3/1003,60!1001!!!3!0!77474954-5c04-4cf7-9c37-f30848b1197d!zone1-1795481544.0",
    "SIP/1002-00000001!from-users!!1!Up!AppDial!(Outgoing Line)!1002!!!3!0!d330129e-14e5-4762-b468-ba12afe5d79a!zone1-1795481544.4",
    "4 active channels",
    "2 active calls",
    "3 calls processed",
  ],
  "chan_sip, ringing": [
    "SIP/1001-00000000!local!1002!4!Ring!Dial!SIP/1002,60!1001!!!3!0!!zone1-1795483223.0",
    "SIP/1002-00000001!from-users!1002!1!Ringing!AppDial!(Outgoing Line)!1002!!!3!0!!zone1-1795483223.1",
    "2 active channels",
    "1 active call",
    "1 call processed",
  ],
  "PJSIP, across the trunk": [
    "PJSIP/1006-00000001!from-users!1004!4!Up!Dial!IAX2/zone1/1004&IAX2/zone2/1004,60!1006!!!3!0!22906428-2f77-49c8-a010-8ed1f174982b!zone3-1795481544.4",
    "PJSIP/1005-00000000!from-users!1002!4!Up!Dial!IAX2/zone1/1002&IAX2/zone2/1002,60!1005!!!3!0!95443091-b79a-4a69-be6a-5618637027c3!zone3-1795481544.1",
    "IAX2/zone2-16!from-trunk!!1!Up!AppDial!(Outgoing Line)!1004!!!3!0!22906428-2f77-49c8-a010-8ed1f174982b!zone3-1795481544.6",
    "IAX2/zone1-11092!from-trunk!!1!Up!AppDial!(Outgoing Line)!1002!!!3!0!95443091-b79a-4a69-be6a-5618637027c3!zone3-1795481544.2",
    "4 active channels",
    "2 active calls",
    "3 calls processed",
  ],
  "PJSIP, ringing": [
    "PJSIP/1004-00000001!from-users!1004!1!Ringing!AppDial!(Outgoing Line)!1004!!!3!0!!zone2-1795483223.1",
    "PJSIP/1003-00000000!local!1004!4!Ring!Dial!PJSIP/1004/sip:1004-0x55d2bcec8230@192.168.0.254:35164;transport=TCP;x-ast-orig-host=198.51.100.200:25056,60!1003!!!3!0!!zone2-1795483223.0",
    "2 active channels",
    "1 active call",
    "1 call processed",
  ],
  "no calls": ["0 active channels", "0 active calls", "3 calls processed"],
} as const;

describe("calls", () => {
  test.each([
    ["chan_sip, across the trunk", 2, 4, ["1001", "1002"]],
    ["chan_sip, ringing", 1, 2, ["1001", "1002"]],
    ["PJSIP, across the trunk", 2, 4, ["1006", "1005"]],
    ["PJSIP, ringing", 1, 2, ["1004", "1003"]],
    ["no calls", 0, 0, []],
  ] as const)("are counted with their busy phones: %s", (what, calls, channels, busy) => {
    expect(parseChannels(`${CALLS[what].join("\n")}\n\n`)).toEqual({
      calls,
      channels,
      busy: new Set(busy),
    });
  });

  test("include a channel for which Asterisk counts no call", () => {
    expect(parseChannels("1 active channel\n0 active calls\n").calls).toBe(1);
  });
});

describe("registered phones", () => {
  const SIP_PEERS = `Name/username             Host                                    Dyn Forcerport Comedia    ACL Port     Status      Description                      
1001/1001-0x56073a3ec230  192.168.0.254                            D  Yes        Yes            35288    OK (1 ms)                                    
1002                      192.168.0.254                            D  Yes        Yes            35298    UNREACHABLE                                  
1003                      (Unspecified)                            D  Yes        Yes            0        UNKNOWN                                      
1007/1007-0x5571270ce230  192.168.0.254                            D  Yes        Yes            41156    OK (1 ms)                                    
9 sip peers [Monitored: 3 online, 6 offline Unmonitored: 0 online, 0 offline]
`;
  const REGISTRAR = `/registrar/contact/1005;@6a5661357f0d0e67a932ea925b6b06d1: {"via_addr":"198.51.100.200","qualify_timeout":"3.000000","qualify_2xx_only":"false","call_id":"b52ea779e904a210","reg_server":"zone3","prune_on_boot":"yes","path":"","endpoint":"1005","via_port":"22008","authenticate_qualify":"no","uri":"sip:1005-0x555dacea0230@192.168.0.254:37054;transport=TCP;x-ast-orig-host=198.51.100.200:22008","qualify_frequency":"60","user_agent":"baresip v1.0.0 (x86_64/linux)","expiration_time":"1795481603","outbound_proxy":""}
/registrar/contact/1006;@f8b1304ed089bda21bf285437882160d: {"via_addr":"198.51.100.200","qualify_timeout":"3.000000","qualify_2xx_only":"false","call_id":"e4434cc379c51ccc","reg_server":"zone3","prune_on_boot":"yes","path":"","endpoint":"1006","via_port":"24960","authenticate_qualify":"no","uri":"sip:1006-0x557b43cf2230@192.168.0.254:37056;transport=TCP;x-ast-orig-host=198.51.100.200:24960","qualify_frequency":"60","user_agent":"baresip v1.0.0 (x86_64/linux)","expiration_time":"1795481603","outbound_proxy":""}
2 results found.
`;

  test("of chan_sip have the port of their connection, even if they do not answer", () => {
    expect(parseContacts(SIP_PEERS)).toEqual([
      { extension: "1001", port: 35288 },
      { extension: "1002", port: 35298 },
      { extension: "1007", port: 41156 },
    ]);
  });

  test("of PJSIP have the port of their connection to the zone, not the port of the phone itself", () => {
    expect(parseContacts(REGISTRAR)).toEqual([
      { extension: "1005", port: 37054 },
      { extension: "1006", port: 37056 },
    ]);
  });

  test.each(["0 results found.\n", "", "0 sip peers [Monitored: 0 online, 0 offline]\n"])(
    "are an empty list for the output %j",
    (output) => {
      expect(parseContacts(output)).toEqual([]);
    },
  );
});

test("parseTrunkPeers returns the name, the state and the latency of each peer", () => {
  const output = `Name/Username    Host                                           Mask                                      Port           Status      Description                     
zone3/zone2      192.168.0.4                              (S)  255.255.255.255                           4569      (E)  OK (501 ms)                                 
zone10/zone2     192.168.0.11                             (S)  255.255.255.255                           4569      (E)  UNREACHABLE                                 
zone1/zone2      192.168.0.2                              (S)  255.255.255.255                           4569      (E)  UNKNOWN                                     
3 iax2 peers [1 online, 2 offline, 0 unmonitored]
`;
  expect(parseTrunkPeers(output)).toEqual([
    { name: "zone3", ok: true, latency: 501 },
    { name: "zone10", ok: false, latency: null },
    { name: "zone1", ok: false, latency: null },
  ]);
});

describe("data that a phone chooses", () => {
  const peer = (name: string): string =>
    `${name.slice(0, 25).padEnd(25)} 192.168.0.254                            D  Yes        Yes            35288    OK (1 ms)                                    `;

  test.each([
    "1001/1.2.3.4 D Yes Yes 5060 OK (1 ms)",
    "1001/x 1.1 D  7 ",
    "1001/x\t1.1.1.1 D Yes Yes 99",
    "1001/ 9 ",
    "1001/💥 D 7 OK",
  ])("in the user name of a chan_sip registration changes no parsed contact: %j", (name) => {
    expect(parseContacts(peer(name))).toEqual([{ extension: "1001", port: 35288 }]);
  });

  const contact = (fields: object): string =>
    `/registrar/contact/1005;@6a5661357f0d0e67a932ea925b6b06d1: ${JSON.stringify(fields)}`;
  const URI = "sip:1005@192.168.0.254:37054;transport=TCP";

  test.each([
    { user_agent: '"uri":"sip:a@1.1.1.1:7"', uri: URI },
    { user_agent: 'x\n/registrar/contact/1006;@0: {"uri":"sip:a@1.1.1.1:7"}', uri: URI },
    { user_agent: "x", uri: `${URI};x=@1.1.1.1:7` },
    { call_id: "} {", uri: URI, path: "<sip:a@1.1.1.1:7>" },
    { uri: 'sip:"q\\"@192.168.0.254:37054' },
  ])("in the contact of a PJSIP registration does not change the parsed contact: %j", (fields) => {
    expect(parseContacts(contact(fields))).toEqual([{ extension: "1005", port: 37054 }]);
  });

  test.each([
    contact({ uri: "sip:1005@host.example:7" }),
    contact({ uri: "tel:7" }),
    contact({ uri: 7 }),
    contact({}),
    "/registrar/contact/1005;@6a56: not JSON",
    '/registrar/contact/1005;@6a56; core stop now: {"uri":"sip:a@1.1.1.1:7"}',
    ' /registrar/contact/1005;@6a56: {"uri":"sip:a@1.1.1.1:7"}',
  ])("in an invalid line is not taken for a contact: %s", (line) => {
    expect(parseContacts(line)).toEqual([]);
  });

  test("does not get into the console command that deletes a contact", () => {
    const lines = [
      contact({ uri: URI }),
      "/registrar/contact/1005;@x;core stop now: {}",
      "/registrar/contact/1005;@6a56 other: {}",
      "/registrar/contact/1005;@6a56\r: {}",
      "/registrar/contact/1006;@f8b1: {}",
    ];
    expect(registrarKeys(lines.join("\n"), new Set(["1005"]))).toEqual([
      "1005;@6a5661357f0d0e67a932ea925b6b06d1",
    ]);
  });

  test("in a dialled number is not taken for a count of calls or for a channel", () => {
    const dialled = "1!2\n77 active calls\n99 active channels\nPJSIP/1007";
    const line = `PJSIP/1001-00000001!from-users!${dialled}!1!Up!Dial!x!1001!!!3!0!b!zone1-1.1`;
    const found = parseChannels(`${line}\n1 active channel\n1 active call\n9 calls processed\n`);

    expect(found).toEqual({ calls: 1, channels: 1, busy: new Set(["1001"]) });
  });

  test("that looks like another phone's channel only marks that phone as busy", () => {
    const line =
      "PJSIP/1001-00000001!from-users!1\nPJSIP/1007-00000002!from-users!2!1!Up!Dial!x!1001!!!3!0!b!zone1-1.1";
    const { calls, busy } = parseChannels(`${line}\n1 active channel\n1 active call\n`);

    expect([calls, busy]).toEqual([1, new Set(["1001", "1007"])]);
  });
});
