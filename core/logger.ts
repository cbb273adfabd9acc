/** Function that prints a line of text for an operator. */
export type Say = (line: string) => void;

/** Logger of a running update. Pulumi shows the messages beside the resource that they are about. */
export interface Logger {
  /** Shows progress. The next message replaces it. */
  readonly status: Say;
  /** Prints a message that stays in the output. */
  readonly info: Say;
  readonly warn: Say;
}
