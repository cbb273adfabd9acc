import type { Stop } from "./tick";

/** What SIGTERM and Ctrl-C ask for: Ctrl-C, like a second SIGTERM, calls off what Pulumi does just now. */
export function stopOnSignals(say: (line: string) => void): Stop & { readonly done: () => void } {
  const gently = new AbortController();
  const atOnce = new AbortController();
  const terminate = (): void => {
    if (gently.signal.aborted) atOnce.abort();
    say(gently.signal.aborted ? "calling off what is under way" : "ending");
    gently.abort();
  };
  const interrupt = (): void => {
    say("calling off what is under way");
    gently.abort();
    atOnce.abort();
  };
  process.on("SIGTERM", terminate).on("SIGINT", interrupt);
  return {
    gently: gently.signal,
    atOnce: atOnce.signal,
    done: () => {
      process.off("SIGTERM", terminate).off("SIGINT", interrupt);
    },
  };
}
