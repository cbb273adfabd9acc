import type { Stop } from "./tick";

/** Stops the autoscaler on SIGTERM and Ctrl-C. Ctrl-C or a second SIGTERM cancels the current Pulumi operation. */
export function stopOnSignals(say: (line: string) => void): Stop & { readonly done: () => void } {
  const graceful = new AbortController();
  const immediate = new AbortController();
  const terminate = (): void => {
    if (graceful.signal.aborted) immediate.abort();
    say(graceful.signal.aborted ? "canceling the current operation" : "stopping");
    graceful.abort();
  };
  const interrupt = (): void => {
    say("canceling the current operation");
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
