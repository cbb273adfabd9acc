import { sleep } from "../../../phones/deadline";
import { DaemonEnded } from "./server";

const INTERVAL = 100;

/**
 * Repeats `attempt` until it returns something other than null, and returns that. An attempt that
 * throws is repeated as well, unless it throws {@link DaemonEnded}.
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
