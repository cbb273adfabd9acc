import { CachedRead } from "../../../autoscaler/cached-read";

let now: number;
let reads: number;
let fault: Error | null;

const recent = (): CachedRead<number> =>
  new CachedRead(
    () => {
      reads += 1;
      return fault === null ? Promise.resolve(reads) : Promise.reject(fault);
    },
    () => now,
  );

beforeEach(() => {
  [now, reads, fault] = [0, 0, null];
});

test("a value is cached for one minute and then read again", async () => {
  const known = recent();
  expect(await Promise.all([known.get(), known.get()])).toEqual([1, 1]);
  now += 59_999;
  expect(await known.get()).toBe(1);
  now += 1;
  expect(await known.get()).toBe(2);
});

test("after forget(), the next get() reads the value again", async () => {
  const known = recent();
  await known.get();
  known.forget();
  expect(await known.get()).toBe(2);
});

test("a failed read is not cached", async () => {
  const known = recent();
  fault = new Error("no");
  await expect(known.get()).rejects.toThrow("no");
  fault = null;
  expect(await known.get()).toBe(2);
});
