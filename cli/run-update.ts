import type { EngineEvent } from "@pulumi/pulumi/automation";
import { relayUpdate } from "../stack/update-progress";
import { OperatorError } from "../core/errors";
import { abortOnSignals } from "../core/interruption";
import { say } from "../core/progress";
import { pulumiFault } from "../stack/stack";

/** What ends a command that runs in a terminal: Ctrl-C, `kill`, and the end of the terminal. */
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

interface UpdateOptions {
  readonly signal: AbortSignal;
  readonly onEvent: (event: EngineEvent) => void;
}

const isFault = ({ resOpFailedEvent, diagnosticEvent }: EngineEvent): boolean =>
  resOpFailedEvent !== undefined || diagnosticEvent?.severity === "error";

interface Endings {
  /** What is said of an update that failed, where its progress has told why. */
  readonly failed: string;
  /** What is still to do after one that was called off. */
  readonly calledOff: () => Promise<void>;
}

/**
 * Runs an update of a stack with its progress told. Where it is called off, Pulumi is given the time to
 * end in order.
 *
 * @throws OperatorError
 */
export async function runUpdate(
  update: (options: UpdateOptions) => Promise<unknown>,
  { failed, calledOff }: Endings,
): Promise<void> {
  const faults: EngineEvent[] = [];
  // Nobody reads what is written to a terminal that is gone.
  for (const stream of [process.stdout, process.stderr]) stream.on("error", ignore);
  try {
    await abortOnSignals(SIGNALS, async (signal) => {
      signal.addEventListener("abort", () => {
        say("pulumi", "called off: ending what has begun");
      });
      try {
        await update({
          signal,
          onEvent: (event) => {
            if (isFault(event)) faults.push(event);
            relayUpdate(event);
          },
        });
      } catch (error) {
        if (signal.aborted) {
          await calledOff();
          throw new OperatorError("called off; the same command goes on from here");
        }
        throw faults.length > 0 ? new OperatorError(failed) : pulumiFault(error);
      }
    });
  } finally {
    for (const stream of [process.stdout, process.stderr]) stream.off("error", ignore);
  }
}

const ignore = (): void => undefined;
