/** Function that prints a line of text for an operator. */
export type Say = (line: string) => void;

/** Logger of one resource during an update. Pulumi shows the messages next to the name of the resource. */
export interface Logger {
  /** Shows a progress message until the next message replaces it. */
  readonly status: Say;
  /** Prints a message that stays in the output. */
  readonly info: Say;
  readonly warn: Say;
}
