import { sleep } from "../../../phones/deadline";
import { DaemonEnded } from "./server";

const INTERVAL = 100;

/** Waits until `attempt` gives something other than null; an attempt that throws is repeated too. */
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
