import { styleText } from "node:util";

/** Whether colours are for this output: a person looks at a terminal, and has not refused them. */
const isWanted = process.stdout.isTTY && !process.env.NO_COLOR;

/** What good, doubtful and bad news look like. Words say it as well. */
const COLOURS = { good: "green", doubtful: "yellow", bad: "red" } as const;
export type News = keyof typeof COLOURS;

export const paint = (news: News, text: string): string =>
  isWanted ? styleText(COLOURS[news], text) : text;
