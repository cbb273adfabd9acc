import type { Stop } from "./tick";

/** Stops the autoscaler on SIGTERM and Ctrl-C. Ctrl-C or a second SIGTERM cancels the current Pulumi operation. */
export function stopOnSignals(say: (line: string) => void): Stop & { readonly done: () => void } {
  const gently = new AbortController();
  const atOnce = new AbortController();
  const terminate = (): void => {
    if (gently.signal.aborted) atOnce.abort();
    say(gently.signal.aborted ? "canceling the current operation" : "stopping");
    gently.abort();
  };
  const interrupt = (): void => {
    say("canceling the current operation");
    gently.abort();
    atOnce.abort();
  };
  process.on("SIGTERM", terminate).on("SIGINT", interrupt);
  return {
    graceful: gently.signal,
    immediate: atOnce.signal,
    done: () => {
      process.off("SIGTERM", terminate).off("SIGINT", interrupt);
    },
  };
}
