import { type Memory, clampedTo } from "../../../autoscaler/memory";
import type { Policy } from "../../../autoscaler/policy";
import { backOff, cooldownIn, cooldownOut } from "../../../autoscaler/waits";

const NOW = Date.parse("2026-11-29T06:00:00Z");
const YEARS = 4 * 365 * 86_400_000;
const LATER = NOW + YEARS;
const policy = { cooldownOut: 300, cooldownIn: 600 } as Policy;

const memory: Memory = {
  lastOut: LATER,
  lastIn: NOW - 60_000,
  failedIn: LATER,
  failures: { count: 3, at: LATER },
  failedMends: { count: 1, at: LATER },
  unfinished: null,
  samples: [NOW - 60_000, NOW, LATER].map((at) => ({ at, zones: [], sessions: 0 }) as never),
  counters: {},
};
const waitsAt = (known: Memory, now: number): boolean[] => {
  const state = { ...known, zones: 2, headroom: null };
  return [backOff(state, now), cooldownOut(state, policy, now), cooldownIn(state, policy, now)].map(
    (wait) => wait !== null,
  );
};

test("after an hour, no wait has ended if the memory has times that are years ahead", () => {
  expect(waitsAt(memory, NOW + 3_600_000)).toEqual([true, true, true]);
});

test("clampedTo sets future times to now and drops future samples, so that the waits end", () => {
  const known = clampedTo(NOW, memory);

  expect(known).toMatchObject({
    lastOut: NOW,
    lastIn: NOW - 60_000,
    failedIn: NOW,
    failures: { count: 3, at: NOW },
    failedMends: { count: 1, at: NOW },
  });
  expect(known.samples.map(({ at }) => at)).toEqual([NOW - 60_000, NOW]);
  expect(waitsAt(known, NOW + 1_000)).toEqual([true, true, true]);
  expect(waitsAt(known, NOW + 601_000)).toEqual([false, false, false]);
});

test("clampedTo does not change a memory without future times", () => {
  expect(clampedTo(LATER, memory)).toEqual(memory);
});
