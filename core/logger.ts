/** Takes a line of text for an operator. */
export type Say = (line: string) => void;

/** Messages of a running update, shown beside the resource that they are about. */
export interface Logger {
  /** Progress, shown only while it is current. */
  readonly status: Say;
  /** Stays in the output. */
  readonly info: Say;
  readonly warn: Say;
}
