/** `text` as one word of a POSIX shell: nothing between single quotes is special but the quote. */
export const quote = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;
