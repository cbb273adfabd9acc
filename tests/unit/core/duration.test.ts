import * as fc from "fast-check";
import {
  clockTime,
  durationInWords,
  durationSchema,
  formatDuration,
  parseDuration,
} from "../../../core/duration";

test.each([
  [90, 90],
  ["90", 90],
  ["90s", 90],
  ["15m", 900],
  ["1h", 3600],
  ["0", 0],
])("parseDuration reads %p as %i seconds", (written, seconds) => {
  expect(parseDuration(written)).toBe(seconds);
});

test.each(["", "h", "1d", "1.5h", "-5s", "1h30m", " 1h", "1 h", "1H", 1.5, -1, NaN])(
  "parseDuration rejects %p",
  (written) => {
    expect(parseDuration(written)).toBeUndefined();
  },
);

test("every formatted duration can be parsed", () => {
  fc.assert(
    fc.property(fc.nat(10_000_000), (seconds) => {
      expect(parseDuration(formatDuration(seconds))).toBe(seconds);
    }),
  );
});

test("a duration is formatted with the largest unit that divides it", () => {
  expect([0, 59, 60, 90, 900, 3600, 5400, 86_400].map(formatDuration)).toEqual([
    "0s",
    "59s",
    "1m",
    "90s",
    "15m",
    "1h",
    "90m",
    "24h",
  ]);
});

test("a duration schema accepts values at the bounds, and names the bounds in an error", () => {
  const schema = durationSchema({ min: 5, max: 300, example: "60s" });
  expect([5, "5m"].map((value) => schema.parse(value))).toEqual([5, 300]);
  expect(schema.safeParse(4).error?.issues[0]?.message).toBe(
    'is 4s, which is not between 5s and 5m; write one such as "60s"',
  );
});

test("durationInWords formats a duration for a message", () => {
  expect([0, 90, 900, 7200].map(durationInWords)).toEqual(["0 s", "90 s", "15 min", "2 h"]);
});

test("clockTime formats a duration as m:ss or h:mm:ss, without loss of precision", () => {
  fc.assert(
    fc.property(fc.nat(), (seconds) => {
      const parts = clockTime(seconds).split(":").map(Number);
      expect(parts.reduce((total, part) => total * 60 + part, 0)).toBe(seconds);
    }),
  );
  expect([0, 61, 3600].map(clockTime)).toEqual(["0:00", "1:01", "1:00:00"]);
});
