/** Rule that selects warnings and errors of Asterisk about a configuration file. */
export interface LogRule {
  /** Name of the source file of Asterisk that logs the message, as in the records of the log. */
  readonly source: string;
  /** Functions of the source file that log the message; null for all functions. */
  readonly functions: readonly string[] | null;
  /** Texts of which one must end the message; null for any message. */
  readonly endings: readonly string[] | null;
}

/** Returns the rule for a source file that only reads configuration. */
export const reader = (source: string): LogRule => ({ source, functions: null, endings: null });

/** Returns the rule for the functions that read configuration, in a source file that also handles calls. */
export const readers = (source: string, ...functions: readonly string[]): LogRule => ({
  source,
  functions,
  endings: null,
});
