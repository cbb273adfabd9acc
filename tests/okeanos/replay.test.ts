import { readExchanges } from "./exchanges";
import { replay, type Verdict } from "./replay";

const XML = "Cyclades speaks XML too, which nothing here reads.";
/** Exchanges that come out differently, and why. */
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

test("each exchange comes out as recorded, but for those that are explained", () => {
  const different = verdicts.filter(
    ({ number, difference }) => difference !== undefined && !EXPLAINED.has(number),
  );
  expect(different).toEqual([]);
});

test("no explanation is out of date", () => {
  const agreeing = verdicts.filter(({ difference }) => difference === undefined);
  expect(agreeing.filter(({ number }) => EXPLAINED.has(number))).toEqual([]);
});
