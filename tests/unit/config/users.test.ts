import fc from "fast-check";
import { expandUsers, rangeSize, type UserEntry } from "../../../config/users";

const extensionsOf = (...entries: UserEntry[]): string[] =>
  Array.from(expandUsers(entries), ({ extension }) => extension);

test("a range includes both ends and the extensions between them", () => {
  expect(extensionsOf({ range: "1998-2001" })).toEqual(["1998", "1999", "2000", "2001"]);
  expect(extensionsOf({ range: "20-20" })).toEqual(["20"]);
});

test("the extensions of a range keep leading zeros", () => {
  expect(extensionsOf({ range: "008-011" })).toEqual(["008", "009", "010", "011"]);
});

test("users keep the order of their entries", () => {
  const entries = [{ extension: "3000", name: "Carol" }, { range: "10-11" }, { extension: "2000" }];
  expect([...expandUsers(entries)]).toEqual([
    { extension: "3000", name: "Carol", secret: null },
    { extension: "10", name: null, secret: null },
    { extension: "11", name: null, secret: null },
    { extension: "2000", name: null, secret: null },
  ]);
});

test("a range expands to rangeSize distinct extensions of equal length", () => {
  const ranges = fc
    .tuple(fc.integer({ min: 10, max: 99_000 }), fc.integer({ min: 0, max: 999 }))
    .map(([first, more]) => [String(first).padStart(5, "0"), String(first + more).padStart(5, "0")])
    .map((ends) => ends.join("-"));
  fc.assert(
    fc.property(ranges, (range) => {
      const extensions = extensionsOf({ range });
      expect(extensions).toHaveLength(rangeSize(range));
      expect(new Set(extensions).size).toBe(extensions.length);
      expect(extensions.every((extension) => extension.length === 5)).toBe(true);
    }),
    { numRuns: 50 },
  );
});
