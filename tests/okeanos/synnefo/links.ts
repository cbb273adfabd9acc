/** Returns the two links that Cyclades gives for each of its resources. */
export const links = (origin: string, path: string): readonly Readonly<Record<string, string>>[] =>
  ["self", "bookmark"].map((rel) => ({ href: `${origin}/cyclades${path}`, rel }));
