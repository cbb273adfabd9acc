/** Quotes `text` as one word of a POSIX shell. Within single quotes, only the single quote is special. */
export const quote = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;
