import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

const SAMPLE_RATE = 8000;
const WAV_HEADER = 44;
/** Samples in one packet of 20 ms. */
const PACKET = 160;

/** Returns the energy of `samples`, and the energy in the tone of `hz` (Goertzel algorithm). */
function energies(samples: Int16Array, hz: number): { all: number; tone: number } {
  const coefficient = 2 * Math.cos((2 * Math.PI * hz) / SAMPLE_RATE);
  let [previous, beforeThat, all] = [0, 0, 0];
  for (const sample of samples) {
    [previous, beforeThat] = [sample + coefficient * previous - beforeThat, previous];
    all += sample * sample;
  }
  const power = previous * previous + beforeThat * beforeThat - coefficient * previous * beforeThat;
  return { all, tone: (2 * power) / samples.length };
}

/**
 * Returns the share (0 to 1) of the tone of `hz` in the energy of `samples`. The sample rate is 8,000 Hz.
 *
 * Each packet is analysed separately. A packet that is lost or played twice shifts the phase of all later packets. A
 * listener does not hear that shift, but over a whole second the parts would cancel each other.
 */
export function shareOfTone(samples: Int16Array, hz: number): number {
  const sum = { all: 0, tone: 0 };
  for (let start = 0; start + PACKET <= samples.length; start += PACKET) {
    const { all, tone } = energies(samples.subarray(start, start + PACKET), hz);
    sum.all += all;
    sum.tone += tone;
  }
  return sum.all === 0 ? 0 : sum.tone / sum.all;
}

/** Returns the share (0 to 1) of the tone of `hz` in the energy of the audio that a phone received and recorded. */
export async function heardTone(folder: string, hz: number): Promise<number> {
  const [file] = (await readdir(folder)).filter((name) => name.endsWith("-dec.wav"));
  if (file === undefined) throw new Error(`the phone recorded nothing in ${folder}`);
  const data = (await readFile(join(folder, file))).subarray(WAV_HEADER);
  // One second from the middle. The beginning contains silence, and packets that arrived in bursts.
  const samples = new Int16Array(data.buffer, data.byteOffset, Math.floor(data.length / 2));
  const start = Math.max(0, Math.floor(samples.length / 2) - SAMPLE_RATE / 2);
  return shareOfTone(samples.slice(start, start + SAMPLE_RATE), hz);
}
