import { readExchanges } from "./exchanges";
import { replayExchanges, type Verdict } from "./replay";

const XML = "Cyclades also answers in XML, which the simulated cloud does not support.";
/** Reasons why an answer differs from the recorded answer, by number of the request. */
const EXPLAINED: ReadonlyMap<number, string> = new Map([
  [333, XML],
  [375, XML],
]);

const exchanges = readExchanges();
let verdicts: readonly Verdict[];

beforeAll(async () => {
  verdicts = await replayExchanges(exchanges);
  const agreed = verdicts.filter(({ difference }) => difference === undefined);
  process.stderr.write(`${String(agreed.length)} of ${String(exchanges.length)} agree\n`);
});

test("the whole recording is replayed", () => {
  expect(verdicts.map(({ number }) => number)).toEqual(exchanges.map(({ number }) => number));
  expect(exchanges).toHaveLength(376);
});

test("each answer agrees with the recorded answer, except for the explained differences", () => {
  const different = verdicts.filter(
    ({ number, difference }) => difference !== undefined && !EXPLAINED.has(number),
  );
  expect(different).toEqual([]);
});

test("each explained difference still exists", () => {
  const agreeing = verdicts.filter(({ difference }) => difference === undefined);
  expect(agreeing.filter(({ number }) => EXPLAINED.has(number))).toEqual([]);
});
