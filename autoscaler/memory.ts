import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { OperatorError } from "../core/errors";
import type { Counters } from "./counters";
import type { ScalingState } from "./decision";
import { SELDOM } from "./load";
import type { Sample } from "./sample";

/** What one tick leaves to the next, which may be another process. */
export interface Memory extends Pick<ScalingState, "lastOut" | "lastIn" | "failedIn" | "failures"> {
  /** How often in a row what was left half done could not be mended, and when that was so last. */
  readonly failedMends: ScalingState["failures"];
  /** A change that was begun and is not known to have ended. */
  readonly unfinished: { readonly from: number; readonly to: number } | null;
  /** The oldest first. */
  readonly samples: readonly Sample[];
  /** Of the last of them, by zone. */
  readonly counters: Readonly<Record<string, Counters>>;
}

const NOTHING: Memory = {
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
 * The counters that the first rates of a run are reckoned from. None where the last look was too long
 * ago, or was before zones came, went or were to go: a mean that tells of that time would ask for them
 * again.
 */
export function countersToGoOnFrom(
  { samples, counters, lastOut, lastIn, failedIn }: Memory,
  now: number,
): Memory["counters"] {
  const last = samples.at(-1)?.at ?? -Infinity;
  const isOld = now - last > SELDOM * 1000;
  return isOld || last < Math.max(lastOut ?? 0, lastIn ?? 0, failedIn ?? 0) ? {} : counters;
}

/**
 * The memory of a clock that was ahead and was set back to `now`: what it has of later moments counts from
 * `now` on, and samples of later moments are dropped. No wait would end before those moments otherwise.
 */
export function notLaterThan(now: number, memory: Memory): Memory {
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

/** Keeps it in a file, which is whole at any time: whoever is killed writes all of it or nothing. */
export class MemoryFile {
  constructor(private readonly path: string) {}

  /** @throws OperatorError when the file is not one that this class has written. */
  read(): Memory {
    try {
      return { ...NOTHING, ...(JSON.parse(readFileSync(this.path, "utf8")) as Memory) };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return NOTHING;
      throw new OperatorError(
        `${this.path} cannot be read (${(error as Error).message}); mend or delete it: without ` +
          "it, the autoscaler only forgets when it acted last",
      );
    }
  }

  /** @throws OperatorError when there is no room for it, or no leave. */
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
