import { join } from "node:path";
import { IAX2_PORT } from "../../core/ports";
import type { Call } from "../../phones/call";
import { type CallQuality, measure } from "../../phones/quality";
import { capture, incompressible } from "./support/capture";
import { eventually } from "./support/eventually";
import {
  CHAN_SIP_16,
  Exchange,
  IMAGES_DEADLINE,
  PJSIP_22,
  TEST_DEADLINE,
} from "./support/exchange";
import { loseTrunkPackets } from "./support/network";
import { heardTone } from "./support/tone";

jest.setTimeout(TEST_DEADLINE);

const CALLER_HZ = 440;
const CALLEE_HZ = 1100;

/** Number of 20 ms packets in 12 s. */
const SPEECH = 600;

/**
 * Waits until each side has sent `packets` more packets. Counts packets instead of time: baresip sends by the time of
 * day, so it sends nothing for a while if the machine's clock is set back.
 */
async function speak(packets: number, ends: readonly Call[]): Promise<void> {
  const sent = (): Promise<number[]> =>
    Promise.all(ends.map(async (end) => (await end.counters()).sent));
  const before = await sent();
  await eventually(`${String(packets)} packets of each phone`, (2 * packets) / 50, async () => {
    const now = await sent();
    return before.every((count, end) => (now[end] ?? 0) >= count + packets) ? true : null;
  });
}

describe("a call across the trunk", () => {
  let exchange: Exchange;

  beforeAll(async () => {
    exchange = await Exchange.start({ zones: [PJSIP_22, CHAN_SIP_16] });
  }, IMAGES_DEADLINE);
  afterEach(() => exchange.closePhones());
  afterAll(() => exchange.close());

  const conversation = async (): Promise<Awaited<ReturnType<typeof exchange.connect>>> => {
    const alice = await exchange.phoneIn("zone1", "1001", { toneHz: CALLER_HZ });
    const bob = await exchange.phoneIn("zone2", "1002", { toneHz: CALLEE_HZ });
    const ends = await exchange.connect(alice, bob);
    await exchange.hear(alice, bob);
    return ends;
  };

  test("has the quality of a telephone call for 12 s, in both directions", async () => {
    const ends = await conversation();
    const quality = await measure(...ends, () => speak(SPEECH, ends));

    const good: CallQuality = {
      packetsSent: expect.closeTo(SPEECH, -1.5) as number,
      packetsReceived: expect.closeTo(SPEECH, -1.5) as number,
      packetsLost: expect.any(Number) as number,
      lossPercent: expect.any(Number) as number,
      jitterMs: expect.any(Number) as number,
      setupMs: expect.any(Number) as number,
    };
    expect(quality).toEqual({ callerToCallee: good, calleeToCaller: good });
    for (const { lossPercent, jitterMs, setupMs } of Object.values(quality) as CallQuality[]) {
      expect(lossPercent).toBeLessThanOrEqual(1);
      expect(jitterMs).toBeLessThan(100);
      expect(setupMs).toBeLessThan(2000);
    }
  });

  test("lets each side hear the other side's tone", async () => {
    const alice = await exchange.phoneIn("zone1", "1001", { toneHz: CALLER_HZ, record: true });
    const bob = await exchange.phoneIn("zone2", "1002", { toneHz: CALLEE_HZ, record: true });
    const [call] = await exchange.connect(alice, bob);
    await exchange.hear(alice, bob);
    await measure(call, bob.currentCall ?? call, 2);
    await call.hangUp();

    expect(await heardTone(bob.recordings, CALLER_HZ)).toBeGreaterThan(0.8);
    expect(await heardTone(alice.recordings, CALLEE_HZ)).toBeGreaterThan(0.8);
  });

  test("is encrypted on the trunk", async () => {
    const router = exchange.network.namespace("router");
    const udp = (device: string, filter: string): ReturnType<typeof capture> =>
      capture(router, device, `udp and ${filter}`, join(exchange.folder, `${device}.pcap`));
    const ends = await conversation();
    const captures = await Promise.all([
      udp("public", "portrange 10000-10999"),
      udp("trunk", `port ${String(IAX2_PORT)}`),
    ]);
    await measure(...ends, 1);
    const [phones, trunk] = await Promise.all(captures.map((running) => running.stop()));

    for (const zone of exchange.zones) {
      expect(await zone.cli("iax2 show peers")).toMatch(/\(E\)\s+OK/);
    }
    // Packets between phone and zone contain a tone, which compresses well. Encrypted packets do not compress well.
    const voice = (packets: readonly Buffer[] = []): Buffer[] =>
      packets.filter(({ length }) => length > 100);
    expect(voice(trunk).length).toBeGreaterThan(100);
    expect(incompressible(voice(phones))).toBeLessThan(0.5);
    expect(incompressible(voice(trunk))).toBeGreaterThan(0.9);
  });

  test("has packet loss only in the direction in which the trunk loses packets", async () => {
    const ends = await conversation();
    await loseTrunkPackets(exchange.network.namespace("zone2"), 6);

    const { callerToCallee, calleeToCaller } = await measure(...ends, 8);

    expect(callerToCallee.lossPercent).toBeGreaterThan(2);
    expect(callerToCallee.lossPercent).toBeLessThan(12);
    expect(calleeToCaller.lossPercent).toBeLessThanOrEqual(1);
  });
});
