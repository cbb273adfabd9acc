import { bytesPerSecond, joined, percent } from "../../../core/format";

test.each([
  [0, "0 B/s"],
  [999, "999 B/s"],
  [1000, "1 kB/s"],
  [41_230, "41.2 kB/s"],
  [12_500_000, "12.5 MB/s"],
])("bytesPerSecond formats %d as %s", (rate, text) => {
  expect(bytesPerSecond(rate)).toBe(text);
});

test("percent formats a share with at most three digits", () => {
  expect([0, 0.07, 0.3141, 1].map(percent)).toEqual(["0 %", "7 %", "31.4 %", "100 %"]);
});

test("joined separates items by commas, and the last item by the word `and`", () => {
  expect([[], ["a"], ["a", "b"], ["a", "b", "c"]].map(joined)).toEqual([
    "",
    "a",
    "a and b",
    "a, b and c",
  ]);
});
