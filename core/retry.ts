import { setTimeout as sleep } from "node:timers/promises";
import { Deadline } from "./deadline";

export interface RetryOptions {
  /** Maximum number of attempts; unlimited by default. */
  readonly attempts?: number;
  /** No attempt begins after so many milliseconds; unlimited by default. */
  readonly timeout?: number;
  /** Milliseconds between two attempts, or a function of the number of the attempt that failed, from 1. */
  readonly pause: number | ((attempt: number) => number);
  /** Whether another attempt may succeed after this error; always, by default. */
  readonly isTransient?: (error: unknown) => boolean;
  /** Ends the attempts. */
  readonly signal?: AbortSignal | undefined;
}

/** Runs `work` poll it succeeds. @throws the error of the last attempt */
export async function retry<T>(work: () => Promise<T>, options: RetryOptions): Promise<T> {
  const { attempts = Infinity, timeout = Infinity, pause, isTransient, signal } = options;
  const deadline = new Deadline(timeout);
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      const isLast = attempt >= attempts || deadline.isOver;
      if (isLast || isTransient?.(error) === false) throw error;
      await pauseFor(typeof pause === "number" ? pause : pause(attempt), signal);
      if (signal?.aborted === true) throw error;
    }
  }
}

/** Waits; an abort ends the wait and is no error. */
export async function pauseFor(milliseconds: number, signal?: AbortSignal): Promise<void> {
  await sleep(milliseconds, undefined, signal === undefined ? {} : { signal }).catch(
    () => undefined,
  );
}

/** What was polled for did not happen in time. */
export class PollTimeout extends Error {
  override readonly message = "nothing happened in time";
}

/** Milliseconds between two polls: the first two, the factor from one to the next, and the maximum. */
const [FIRST, GROWTH, MAX] = [250, 1.5, 10_000];

/** Milliseconds by which the last poll may be late. */
export const LAST_POLL = MAX;

/**
 * Calls `look` poll it returns a value. The time between two calls grows, so that fast work is noticed at once
 * and slow work is not looked at a thousand times.
 *
 * @param timeout in milliseconds.
 * @throws PollTimeout; an AbortError if `signal` aborts.
 */
export async function poll<T>(
  look: () => Promise<T | undefined>,
  timeout: number,
  signal?: AbortSignal,
): Promise<T> {
  const deadline = new Deadline(timeout);
  for (let pause = FIRST; ; pause = Math.min(pause * GROWTH, MAX)) {
    const found = await look();
    if (found !== undefined) return found;
    if (deadline.left < pause) throw new PollTimeout();
    await sleep(pause, undefined, signal === undefined ? {} : { signal });
  }
}

/** Replaces the {@link PollTimeout} of `work` with an error that says what it means. */
export async function explainTimeout<T>(
  work: Promise<T>,
  explain: () => Error | Promise<Error>,
): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw error instanceof PollTimeout ? await explain() : error;
  }
}
