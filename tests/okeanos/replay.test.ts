import { readExchanges } from "./exchanges";
import { replay, type Verdict } from "./replay";

const XML = "Cyclades also answers in XML, which the conformance cloud does not support.";
/** Exchanges with a different result, and the reasons. */
const EXPLAINED: ReadonlyMap<number, string> = new Map([
  [333, XML],
  [375, XML],
]);

const exchanges = readExchanges();
let verdicts: readonly Verdict[];

beforeAll(async () => {
  verdicts = await replay(exchanges);
  const agreed = verdicts.filter(({ difference }) => difference === undefined);
  process.stderr.write(`${String(agreed.length)} of ${String(exchanges.length)} agree\n`);
});

test("the whole recording is replayed", () => {
  expect(verdicts.map(({ number }) => number)).toEqual(exchanges.map(({ number }) => number));
  expect(exchanges).toHaveLength(376);
});

test("each exchange has the recorded result, except the explained ones", () => {
  const different = verdicts.filter(
    ({ number, difference }) => difference !== undefined && !EXPLAINED.has(number),
  );
  expect(different).toEqual([]);
});

test("each explained exchange has a different result", () => {
  const agreeing = verdicts.filter(({ difference }) => difference === undefined);
  expect(agreeing.filter(({ number }) => EXPLAINED.has(number))).toEqual([]);
});
