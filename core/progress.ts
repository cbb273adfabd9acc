const start = process.hrtime.bigint();

/** Returns the seconds since this module was loaded, at the start of the process. */
export function elapsed(): number {
  return Number(process.hrtime.bigint() - start) / 1e9;
}

/** Prints a line of progress, for example `[  12s] images  uploaded pbx-controller`. */
export function say(what: string, line: string): void {
  const seconds = elapsed().toFixed(0).padStart(4);
  console.log(`[${seconds}s] ${what.padEnd(7)} ${line}`);
}

/**
 * Returns a function that prints a script's lines as progress of `what`. Removes prefixes such as `[ 12s]` and `lab:`.
 */
export function relay(what: string): (line: string) => void {
  return (line) => {
    if (line.trim() !== "") {
      say(what, line.trimEnd().replace(/^(\[ *\d+s\]|\w+:) /, ""));
    }
  };
}
