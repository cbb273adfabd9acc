import { styleText } from "node:util";

/** Whether to print colours: the output is a terminal, and NO_COLOR is not set. */
const isWanted = process.stdout.isTTY && !process.env.NO_COLOR;

/** Colours by meaning. The text itself must express the meaning as well. */
const COLOURS = { good: "green", doubtful: "yellow", bad: "red" } as const;
export type Meaning = keyof typeof COLOURS;

export const paint = (news: Meaning, text: string): string =>
  isWanted ? styleText(COLOURS[news], text) : text;
