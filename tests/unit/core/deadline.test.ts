import { Deadline } from "../../../core/deadline";
import { poll } from "../../../core/retry";

afterEach(() => jest.restoreAllMocks());

test("a deadline is not expired at first, and is expired after its time", async () => {
  const deadline = new Deadline(50);
  expect(deadline.isExpired).toBe(false);
  expect(deadline.remaining).toBeLessThanOrEqual(50);
  await new Promise((resolve) => setTimeout(resolve, 60));
  expect(deadline.isExpired).toBe(true);
  expect(deadline.remaining).toBeLessThanOrEqual(0);
});

test.each([
  ["ahead", 10 * 365 * 86_400_000],
  ["back", -10 * 365 * 86_400_000],
])("a clock that is set years %s changes neither a deadline nor a poll", async (_, jump) => {
  const now = Date.now();
  const clock = jest.spyOn(Date, "now").mockReturnValue(now);
  const deadline = new Deadline(60_000);
  let looks = 0;
  const found = poll(() => {
    clock.mockReturnValue(now + jump);
    return Promise.resolve(++looks === 3 ? "there" : undefined);
  }, 10_000);

  expect(await found).toBe("there");
  expect(deadline.isExpired).toBe(false);
  expect(deadline.remaining).toBeLessThan(60_000);
  await expect(poll(() => Promise.resolve(undefined), 300)).rejects.toThrow("the poll timed out");
});
