import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

const SAMPLE_RATE = 8000;
const WAV_HEADER = 44;

/** Share of a recording's energy that is in the tone of `hz` (Goertzel's algorithm), 0 to 1. */
function shareOf(samples: Int16Array, hz: number): number {
  const coefficient = 2 * Math.cos((2 * Math.PI * hz) / SAMPLE_RATE);
  let [previous, beforeThat, energy] = [0, 0, 0];
  for (const sample of samples) {
    [previous, beforeThat] = [sample + coefficient * previous - beforeThat, previous];
    energy += sample * sample;
  }
  const power = previous * previous + beforeThat * beforeThat - coefficient * previous * beforeThat;
  return energy === 0 ? 0 : (2 * power) / (samples.length * energy);
}

/** How much of what a phone heard, by its recordings in `folder`, was the tone of `hz`. */
export async function heardTone(folder: string, hz: number): Promise<number> {
  const [file] = (await readdir(folder)).filter((name) => name.endsWith("-dec.wav"));
  if (file === undefined) throw new Error(`the phone recorded nothing in ${folder}`);
  const data = (await readFile(join(folder, file))).subarray(WAV_HEADER);
  // One second from the middle: the beginning has silence, and packets that arrived in a bunch.
  const samples = new Int16Array(data.buffer, data.byteOffset, Math.floor(data.length / 2));
  const start = Math.max(0, Math.floor(samples.length / 2) - SAMPLE_RATE / 2);
  return shareOf(samples.slice(start, start + SAMPLE_RATE), hz);
}
