/** Most characters of outside text in a message. */
const LIMIT = 2_000;

/**
 * Outside text as a message may show it: control characters, which a terminal would obey, become `?`, and
 * a long text is cut. Line feeds and tabs stay.
 */
export function printable(text: string): string {
  // Categories of Unicode: control characters, and those that turn the direction of text around.
  const clean = text.replace(/[^\P{Cc}\n\t]|[\u202A-\u202E\u2066-\u2069]/gu, "?");
  return clean.length > LIMIT ? `${clean.slice(0, LIMIT)}…` : clean;
}
