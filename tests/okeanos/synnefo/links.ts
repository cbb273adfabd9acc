/** The two links by which Cyclades refers to each of its things. */
export const links = (origin: string, path: string): readonly Readonly<Record<string, string>>[] =>
  ["self", "bookmark"].map((rel) => ({ href: `${origin}/cyclades${path}`, rel }));
