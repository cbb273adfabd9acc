/** Maximum number of characters of external text in a message. */
const LIMIT = 2_000;

/**
 * Makes external text safe to print. Control characters, which would control a terminal, become `?`. Line feeds
 * and tabs stay. A long text is truncated.
 */
export function printable(text: string): string {
  // Control characters (Unicode category Cc), and characters that change the direction of text.
  const clean = text.replace(/[^\P{Cc}\n\t]|[\u202A-\u202E\u2066-\u2069]/gu, "?");
  return clean.length > LIMIT ? `${clean.slice(0, LIMIT)}…` : clean;
}

/** Quotes `text` as one word of a POSIX shell. Within single quotes, only the single quote is special. */
export const quote = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;
