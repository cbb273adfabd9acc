import { shareOfTone } from "../../calls/support/tone";

const SECOND = 8000;
const PACKET = 160;

/** Returns one second of a tone of `hz`, without the packets with the numbers in `lost`. */
function recording(hz: number, lost: readonly number[] = []): Int16Array {
  const sent = Array.from({ length: SECOND + lost.length * PACKET }, (_, sample) =>
    Math.round(10_000 * Math.sin((2 * Math.PI * hz * sample) / SECOND)),
  );
  return Int16Array.from(sent.filter((_, sample) => !lost.includes(Math.floor(sample / PACKET))));
}

test.each([440, 1100])("shareOfTone recognizes a tone of %d Hz", (hz) => {
  expect(shareOfTone(recording(hz), hz)).toBeGreaterThan(0.95);
});

test("shareOfTone recognizes a tone with lost packets", () => {
  expect(shareOfTone(recording(440, [10, 20, 30, 40]), 440)).toBeGreaterThan(0.95);
});

test("shareOfTone does not take another tone or silence for the expected tone", () => {
  expect(shareOfTone(recording(1100), 440)).toBeLessThan(0.05);
  expect(shareOfTone(recording(440), 1100)).toBeLessThan(0.05);
  expect(shareOfTone(new Int16Array(SECOND), 440)).toBe(0);
});

test("shareOfTone does not take noise for the expected tone", () => {
  // A generator with a fixed seed makes the same noise in every run.
  let seed = 1;
  const noise = Int16Array.from({ length: SECOND }, () => {
    seed = (seed * 16_807) % 2_147_483_647;
    return (seed % 20_001) - 10_000;
  });
  expect(shareOfTone(noise, 440)).toBeLessThan(0.05);
});
