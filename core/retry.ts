import { setTimeout as sleep } from "node:timers/promises";
import { Deadline } from "./deadline";

export interface RetryOptions {
  /** Maximum number of attempts; unlimited by default. */
  readonly attempts?: number;
  /**
   * Milliseconds until the deadline; unlimited by default. An attempt that fails after the deadline is the last one.
   */
  readonly timeout?: number;
  /** Milliseconds between two attempts. A function gets the number of the attempt that failed, counted from 1. */
  readonly pause: number | ((attempt: number) => number);
  /** Returns whether another attempt may succeed after this error. By default, any error is transient. */
  readonly isTransient?: (error: unknown) => boolean;
  /** An abort ends the pause, and no further attempt starts. */
  readonly signal?: AbortSignal | undefined;
}

/** Repeats `work` until it succeeds, within the limits of `options`. @throws the error of the last attempt. */
export async function retry<T>(work: () => Promise<T>, options: RetryOptions): Promise<T> {
  const { attempts = Infinity, timeout = Infinity, pause, isTransient, signal } = options;
  const deadline = new Deadline(timeout);
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      const isLast = attempt >= attempts || deadline.isExpired;
      if (isLast || isTransient?.(error) === false) throw error;
      await pauseFor(typeof pause === "number" ? pause : pause(attempt), signal);
      if (signal?.aborted === true) throw error;
    }
  }
}

/** Waits for `milliseconds`. An abort ends the wait without an error. */
export async function pauseFor(milliseconds: number, signal?: AbortSignal): Promise<void> {
  await sleep(milliseconds, undefined, signal === undefined ? {} : { signal }).catch(
    () => undefined,
  );
}

/** Error of a {@link poll} that got no value within its timeout. */
export class PollTimeout extends Error {
  override readonly message = "the poll timed out";
}

/** Milliseconds of the first pause, factor by which each pause grows, and maximum milliseconds of a pause. */
const [FIRST, GROWTH, MAX] = [250, 1.5, 10_000];

/**
 * Maximum milliseconds by which `poll` ends before its timeout. A pause of `poll` never ends after the timeout.
 */
export const MAX_POLL_INTERVAL = MAX;

/**
 * Calls `check` until `check` returns a value other than undefined. The pause between two calls grows. So the result of
 * fast work is noticed soon, and slow work is not checked too often.
 *
 * @param timeout in milliseconds.
 * @throws PollTimeout if the next call would be after the timeout; an AbortError if `signal` aborts
 *   before a pause ends.
 */
export async function poll<T>(
  check: () => Promise<T | undefined>,
  timeout: number,
  signal?: AbortSignal,
): Promise<T> {
  const deadline = new Deadline(timeout);
  for (let pause = FIRST; ; pause = Math.min(pause * GROWTH, MAX)) {
    const found = await check();
    if (found !== undefined) return found;
    if (deadline.remaining < pause) throw new PollTimeout();
    await sleep(pause, undefined, signal === undefined ? {} : { signal });
  }
}

/** Replaces the {@link PollTimeout} of `work` with the error that `explain` returns. */
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
