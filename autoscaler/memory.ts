import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { OperatorError } from "../core/errors";
import type { Counters } from "./counters";
import type { ScalingState } from "./decision";
import type { Sample } from "./sample";
import { MAX_SAMPLE_GAP } from "./zone-load";

/** State that one tick passes to the next tick, which may run in another process. */
export interface Memory extends Pick<ScalingState, "lastOut" | "lastIn" | "failedIn" | "failures"> {
  /**
   * Failed or refused attempts to repair an unfinished change since the last success: their number, and the time of the
   * last attempt. Null if there were none.
   */
  readonly failedMends: ScalingState["failures"];
  /** A change that was started and is not known to have finished; null if there is none. */
  readonly unfinished: { readonly from: number; readonly to: number } | null;
  /** Samples, the oldest first. */
  readonly samples: readonly Sample[];
  /** The last counters that were read from each zone, by the name of the zone. */
  readonly counters: Readonly<Record<string, Counters>>;
}

export const EMPTY_MEMORY: Memory = {
  lastOut: null,
  lastIn: null,
  failedIn: null,
  failures: null,
  failedMends: null,
  unfinished: null,
  samples: [],
  counters: {},
};

/**
 * Returns the counters from which a new run computes its first rates. Returns none if the last sample is too old. Also
 * returns none if a scale-out, a scale-in or a failed scale-in ended after the last sample, because rates over a period
 * that includes such a change could cause a wrong decision.
 */
export function countersToResumeFrom(
  { samples, counters, lastOut, lastIn, failedIn }: Memory,
  now: number,
): Memory["counters"] {
  const last = samples.at(-1)?.at ?? -Infinity;
  const isOld = now - last > MAX_SAMPLE_GAP * 1000;
  return isOld || last < Math.max(lastOut ?? 0, lastIn ?? 0, failedIn ?? 0) ? {} : counters;
}

/**
 * Corrects the memory if the clock was set back. Times later than `now` become `now`, so that no cooldown lasts too
 * long. Samples later than `now` are dropped.
 */
export function clampedTo(now: number, memory: Memory): Memory {
  const moment = (at: number | null): number | null => (at === null ? null : Math.min(at, now));
  const series = (failed: Memory["failures"]): Memory["failures"] =>
    failed === null ? null : { ...failed, at: Math.min(failed.at, now) };
  return {
    ...memory,
    lastOut: moment(memory.lastOut),
    lastIn: moment(memory.lastIn),
    failedIn: moment(memory.failedIn),
    failures: series(memory.failures),
    failedMends: series(memory.failedMends),
    samples: memory.samples.filter(({ at }) => at <= now),
  };
}

/** Keeps the memory in a file. Writes are atomic: a process that is killed leaves the old file or the new one. */
export class MemoryFile {
  constructor(private readonly path: string) {}

  /** Returns {@link EMPTY_MEMORY} if the file is missing. @throws OperatorError if the file is not readable JSON. */
  read(): Memory {
    try {
      return { ...EMPTY_MEMORY, ...(JSON.parse(readFileSync(this.path, "utf8")) as Memory) };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return EMPTY_MEMORY;
      throw new OperatorError(
        `${this.path} cannot be read (${(error as Error).message}); repair or delete the file: ` +
          "without it, the autoscaler forgets its samples, the times of its changes and failures, and an unfinished change",
      );
    }
  }

  /** @throws OperatorError if the file cannot be written. */
  write(memory: Memory): void {
    const next = `${this.path}.new`;
    try {
      mkdirSync(dirname(this.path), { recursive: true, mode: 0o750 });
      writeFileSync(next, JSON.stringify(memory), { mode: 0o640, flush: true });
      renameSync(next, this.path);
    } catch (error) {
      throw new OperatorError(`${this.path} cannot be written: ${(error as Error).message}`);
    }
  }
}
