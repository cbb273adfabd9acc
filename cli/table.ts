import Table from "cli-table3";

/**
 * For a terminal, and for a text that shows it unchanged.
 *
 * @param widths of columns whose text is to be wrapped; null for those that take the room they need.
 */
export function table(rows: string[][], head?: string[], widths?: (number | null)[]): string {
  const made = new Table({
    ...(head === undefined ? {} : { head }),
    ...(widths === undefined ? {} : { colWidths: widths, wordWrap: true }),
    style: { head: [], border: [] },
  });
  made.push(...rows);
  return made.toString();
}
