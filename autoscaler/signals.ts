import type { Stop } from "./tick";

/**
 * Turns signals into requests to stop the autoscaler. The first SIGTERM aborts `graceful`. SIGINT (Ctrl-C) or a second
 * SIGTERM aborts `immediate` as well.
 *
 * @returns the requests, and `done`, which removes the signal handlers.
 */
export function stopOnSignals(say: (line: string) => void): Stop & { readonly done: () => void } {
  const graceful = new AbortController();
  const immediate = new AbortController();
  const terminate = (): void => {
    if (graceful.signal.aborted) immediate.abort();
    say(graceful.signal.aborted ? "cancelling the current operation" : "stopping");
    graceful.abort();
  };
  const interrupt = (): void => {
    say("cancelling the current operation");
    graceful.abort();
    immediate.abort();
  };
  process.on("SIGTERM", terminate).on("SIGINT", interrupt);
  return {
    graceful: graceful.signal,
    immediate: immediate.signal,
    done: () => {
      process.off("SIGTERM", terminate).off("SIGINT", interrupt);
    },
  };
}
