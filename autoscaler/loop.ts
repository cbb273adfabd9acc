import { setTimeout as sleep } from "node:timers/promises";
import { OperatorError } from "../core/errors";
import type { Exporter } from "./exporter";
import type { Journal } from "./journal";
import { describeDecision, isBlind, type Report } from "./report";
import type { Runner } from "./runner";
import type { Stop } from "./tick";

export interface LoopOptions {
  readonly runner: Pick<Runner, "tick" | "interval">;
  readonly journal: Pick<Journal, "write">;
  readonly exporter: Pick<Exporter, "record" | "fail">;
  readonly stop: Stop;
  readonly once: boolean;
  readonly say: (line: string) => void;
}

/**
 * Exit code with `--once`, `--dry-run` or `--explain` if the decision is to hold, and no zone can be read. `main` uses
 * the same code for an error.
 */
export const EXIT_UNUSABLE = 1;
/** Exit code with `--once` if a change or a repair failed, or if the guard refused a change. */
const FAILED_CHANGE = 2;

/**
 * Runs ticks until `stop.graceful` is aborted. With `once`, runs only one tick.
 *
 * @returns the exit code.
 * @throws the error of a tick. But without `once`, an OperatorError of a tick does not end the loop.
 */
export async function runLoop(options: LoopOptions): Promise<number> {
  const { runner, journal, exporter, stop, once, say } = options;
  let said = "";
  for (;;) {
    const begin = Date.now();
    try {
      const report = await runner.tick(stop);
      journal.write(report, begin, Date.now());
      exporter.record(report);
      const gist = gistOf(report);
      if (report.decision.action !== "hold" || gist !== said) {
        say(`${describeDecision(report.decision)}; ${report.outcome}`);
      }
      said = gist;
      if (once) return exitCodeOf(report);
    } catch (error) {
      if (once || !(error instanceof OperatorError)) throw error;
      exporter.fail();
      if (error.message !== said) say(`no decision: ${error.message}`);
      said = error.message;
    }
    if (!stop.graceful.aborted) {
      await sleep(runner.interval, undefined, { signal: stop.graceful }).catch(() => undefined);
    }
    if (stop.graceful.aborted) return 0;
  }
}

function exitCodeOf(report: Report): number {
  if (report.ok) return 0;
  return isBlind(report) ? EXIT_UNUSABLE : FAILED_CHANGE;
}

/** Returns the reason and the outcome without their numbers. A hold is printed only if this text has changed. */
const gistOf = ({ decision, outcome }: Report): string =>
  `${decision.reason} ${outcome}`.replace(/[0-9.]+/g, "#");
