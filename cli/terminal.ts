import { styleText } from "node:util";
import Table from "cli-table3";

/** Whether to print colours: standard output is a terminal, and NO_COLOR is unset or empty. */
const isWanted = process.stdout.isTTY && !process.env.NO_COLOR;

/** Colours by meaning. The text must express the meaning without the colour as well. */
const COLOURS = { good: "green", doubtful: "yellow", bad: "red" } as const;
export type Meaning = keyof typeof COLOURS;

export const paint = (meaning: Meaning, text: string): string =>
  isWanted ? styleText(COLOURS[meaning], text) : text;

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
