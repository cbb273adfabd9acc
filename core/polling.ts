import { setTimeout as sleep } from "node:timers/promises";
import { Deadline } from "./deadline";

const FIRST = 250;
const LONGEST = 10_000;
const GROWTH = 1.5;

/** Milliseconds that a last look may come late. */
export const LOOKS = 10_000;

/** Nothing happened before the end of one's patience. */
export class Late extends Error {
  override readonly message = "nothing happened in time";
}

/** Has `fault` be what is told of work that is late. */
export async function unlessLate<T>(
  work: Promise<T>,
  fault: () => Error | Promise<Error>,
): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw error instanceof Late ? await fault() : error;
  }
}

/**
 * Looks until there is something, often at first and seldom later: what is done fast is noticed fast,
 * and what takes minutes is not asked for a thousand times.
 *
 * @param patience in milliseconds.
 * @throws Late; an AbortError when `signal` says so.
 */
export async function until<T>(
  look: () => Promise<T | undefined>,
  patience: number,
  signal?: AbortSignal,
): Promise<T> {
  const deadline = new Deadline(patience);
  for (let pause = FIRST; ; pause = Math.min(pause * GROWTH, LONGEST)) {
    const found = await look();
    if (found !== undefined) return found;
    if (deadline.left < pause) throw new Late();
    await sleep(pause, undefined, signal === undefined ? {} : { signal });
  }
}
