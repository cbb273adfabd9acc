/** Runs `work`. While `work` runs, each of `signals` aborts the AbortSignal of `work` and does not end this process. */
export async function abortOnSignals(
  signals: readonly NodeJS.Signals[],
  work: (signal: AbortSignal) => Promise<unknown>,
): Promise<void> {
  const abort = new AbortController();
  const interrupt = (): void => {
    abort.abort();
  };
  for (const signal of signals) process.on(signal, interrupt);
  try {
    await work(abort.signal);
  } finally {
    for (const signal of signals) process.off(signal, interrupt);
  }
}
