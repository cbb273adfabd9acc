import { renderBaresipConfig } from "../../../phones/baresip";
import { Call, CallRefused } from "../../../phones/call";
import { encodeNetstring, NetstringDecoder } from "../../../phones/netstring";
import { measure } from "../../../phones/quality";

describe("netstrings", () => {
  const texts = ["", "hello", '{"event":true}', "Grüße: 1,2"];
  const bytes = Buffer.from(texts.map(encodeNetstring).join(""));

  test.each([1, 2, 3, 7, bytes.length])("are decoded from pieces of %i bytes", (size) => {
    const decoder = new NetstringDecoder();
    const found: string[] = [];
    for (let at = 0; at < bytes.length; at += size) {
      found.push(...decoder.push(bytes.subarray(at, at + size)));
    }
    expect(found).toEqual(texts);
  });

  test("that are malformed are rejected", () => {
    expect(() => new NetstringDecoder().push(Buffer.from("HTTP: no"))).toThrow("not a netstring");
  });
});

test("baresip's configuration has ports that do not overlap, and no sound card", () => {
  const settings = { address: "192.0.2.1", port: 20_000, toneHz: 440, recordings: null };
  const config = renderBaresipConfig(settings);

  expect(config).toContain("sip_listen 192.0.2.1:20000\n"); // also uses 20001, for TLS
  expect(config).toContain("ctrl_tcp_listen 127.0.0.1:20002\n");
  expect(config).toContain("audio_source ausine,440\n");
  expect(config).not.toContain("alsa");
});

/** Call whose packet counts and RTCP losses are set by a test. */
class FakeCall extends Call {
  sent = 0;
  received = 0;

  constructor(lost = 0) {
    const control = {
      command: () =>
        Promise.resolve(`rcvd=${String(this.received)}\n TX: packets=${String(this.sent)}`),
    };
    super(control, "sip:peer@example.org");
    this.handle({ type: "CALL_ESTABLISHED", class: "call", id: "1" });
    this.rtcp(0);
    setImmediate(() => {
      this.rtcp(lost);
    });
  }

  private rtcp(lost: number): void {
    const rtcp_stats = { rx: { lost, jit: 1500 }, tx: { lost: 0 } };
    this.handle({ type: "CALL_RTCP", class: "call", id: "1", rtcp_stats });
  }
}

test("the counters of a call include the received packets of all SSRCs", async () => {
  // Output of baresip's audio_debug for a call in which Asterisk has changed the SSRC.
  const text = [
    "  member 0x12345678: lost=0 Jitter=0.0ms RTT=0.0ms",
    "                 IP=198.51.100.2:10904 psent=0 rcvd=1",
    "  member 0xa7175679: lost=0 Jitter=0.0ms RTT=0.0ms",
    "                 IP=198.51.100.2:10904 psent=0 rcvd=251",
    "  TX: packets=252, octets=40320",
  ].join("\n");
  const call = new Call({ command: () => Promise.resolve(text) }, "sip:peer@example.org");
  expect(await call.counters()).toEqual({ sent: 252, received: 252 });
});

describe("the quality of a call", () => {
  /** Measures a call in which each phone sends 600 packets. `late` of the packets to the callee arrive 100 ms later. */
  const measured = async (
    arrived: { atCallee: number; atCaller: number; late?: number },
    lostInRtcp = 0,
  ): ReturnType<typeof measure> => {
    const [caller, callee] = [new FakeCall(), new FakeCall(lostInRtcp)];
    const { atCallee, atCaller, late = 0 } = arrived;
    return measure(caller, callee, async () => {
      Object.assign(caller, { sent: 600, received: atCaller });
      Object.assign(callee, { sent: 600, received: atCallee - late });
      setTimeout(() => Object.assign(callee, { received: atCallee }), 100);
      await Promise.resolve();
    });
  };

  test("is measured for each direction at its receiver", async () => {
    const quality = await measured({ atCallee: 570, atCaller: 600 });

    expect(quality.callerToCallee).toMatchObject({
      packetsSent: 600,
      packetsReceived: 570,
      packetsLost: 30,
      lossPercent: 5,
      jitterMs: 1.5,
    });
    expect(quality.calleeToCaller).toMatchObject({ packetsLost: 0, lossPercent: 0 });
  });

  test("does not count two missing packets as lost, because the phones are not read at the same instant", async () => {
    const { callerToCallee } = await measured({ atCallee: 598, atCaller: 601 });

    expect(callerToCallee.packetsLost).toBe(0);
  });

  test("does not count packets as lost that are missing in some samples only", async () => {
    const { callerToCallee } = await measured({ atCallee: 600, atCaller: 600, late: 50 });

    expect(callerToCallee.packetsLost).toBe(0);
  });

  test("is at least as bad as the gaps that RTCP reports", async () => {
    const { callerToCallee } = await measured({ atCallee: 599, atCaller: 600 }, 4);

    expect(callerToCallee.packetsLost).toBe(4);
  });
});

const noPhone = { command: () => Promise.reject(new Error("there is no phone")) };

test("a refused call rejects with the SIP response, and is closed", async () => {
  const call = new Call(noPhone, "1999");
  call.handle({ type: "CALL_CLOSED", class: "call", id: "1", param: "404 Not Found" });

  await expect(call.established).rejects.toThrow(new CallRefused("404 Not Found"));
  await expect(call.closed).resolves.toBe("404 Not Found");
});

test("a late event of the previous call does not reach the next call", async () => {
  const call = new Call(noPhone, "1002");
  call.handle({ type: "CALL_RINGING", class: "call", id: "2" });
  call.handle({ type: "CALL_CLOSED", class: "call", id: "1", param: "the last one" });
  call.handle({ type: "CALL_CLOSED", class: "call", id: "2", param: "this one" });

  await expect(call.closed).resolves.toBe("this one");
});
