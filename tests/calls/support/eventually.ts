import { sleep } from "../../../phones/within";
import { DaemonEnded } from "./server";

/** Milliseconds between two attempts. */
const INTERVAL = 100;

/**
 * Repeats `attempt` until it returns a value other than null, and returns that value. An attempt that throws is
 * repeated as well, unless it throws {@link DaemonEnded}.
 *
 * @param what result that is awaited, for the message of the error.
 * @throws Error after `seconds`, with the message of the last error of `attempt`; {@link DaemonEnded} immediately.
 */
export async function eventually<T>(
  what: string,
  seconds: number,
  attempt: () => Promise<T | null>,
): Promise<T> {
  const end = Date.now() + seconds * 1000;
  let reason = "";
  for (;;) {
    try {
      const result = await attempt();
      if (result !== null) return result;
    } catch (error) {
      if (error instanceof DaemonEnded) throw error;
      reason = `: ${(error as Error).message}`;
    }
    if (Date.now() > end) throw new Error(`${what}: not within ${String(seconds)} s${reason}`);
    await sleep(INTERVAL);
  }
}
