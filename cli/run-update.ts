import type { EngineEvent } from "@pulumi/pulumi/automation";
import { OperatorError } from "../core/errors";
import { abortOnSignals } from "../core/interruption";
import { say } from "../core/progress";
import { pulumiFault } from "../stack/state";
import { relayUpdate } from "../stack/update-progress";

/** Signals that end a command in a terminal: Ctrl-C, `kill`, and a terminal that is closed. */
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

interface UpdateOptions {
  readonly signal: AbortSignal;
  readonly onEvent: (event: EngineEvent) => void;
}

const isFault = ({ resOpFailedEvent, diagnosticEvent }: EngineEvent): boolean =>
  resOpFailedEvent !== undefined || diagnosticEvent?.severity === "error";

interface Endings {
  /** Message for a failed update whose progress has already shown the reason. */
  readonly failed: string;
  readonly onCancel: () => Promise<void>;
}

/**
 * Runs an update of a stack and prints its progress. On a signal, cancels the update and waits until Pulumi has
 * ended it.
 *
 * @throws OperatorError if the update fails or is cancelled.
 */
export async function runUpdate(
  update: (options: UpdateOptions) => Promise<unknown>,
  { failed, onCancel }: Endings,
): Promise<void> {
  const faults: EngineEvent[] = [];
  // Writes to a closed terminal fail, which must not end the update.
  for (const stream of [process.stdout, process.stderr]) stream.on("error", ignore);
  try {
    await abortOnSignals(SIGNALS, async (signal) => {
      signal.addEventListener("abort", () => {
        say("pulumi", "cancelled: waiting for running operations to end");
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
          await onCancel();
          throw new OperatorError("cancelled; run the same command again to continue");
        }
        throw faults.length > 0 ? new OperatorError(failed) : pulumiFault(error);
      }
    });
  } finally {
    for (const stream of [process.stdout, process.stderr]) stream.off("error", ignore);
  }
}

const ignore = (): void => undefined;
