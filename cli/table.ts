import Table from "cli-table3";

/** For a terminal, and for a text that shows it unchanged. */
export function table(rows: string[][], head?: string[]): string {
  const made = new Table({
    ...(head === undefined ? {} : { head }),
    style: { head: [], border: [] },
  });
  made.push(...rows);
  return made.toString();
}
