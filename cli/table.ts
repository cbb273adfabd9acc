import Table from "cli-table3";

/**
 * Formats a table with borders, for a terminal or a code block.
 *
 * @param widths widths of the columns, in which text is wrapped; null for a column as wide as its content.
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
