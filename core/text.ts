/** Maximum number of characters of external text in a message. */
const LIMIT = 2_000;

/**
 * Makes external text safe to print on a terminal. Control characters, except line feeds and tabs, become `?`. So do
 * characters that change the direction of text. A long text is truncated.
 */
export function printable(text: string): string {
  // `[^\P{Cc}\n\t]` matches the control characters (Unicode category Cc) except line feeds and tabs.
  const clean = text.replace(/[^\P{Cc}\n\t]|[\u202A-\u202E\u2066-\u2069]/gu, "?");
  return clean.length > LIMIT ? `${clean.slice(0, LIMIT)}…` : clean;
}

/** Quotes `text` as one word of a POSIX shell. Within single quotes, only the single quote is special. */
export const quote = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;
