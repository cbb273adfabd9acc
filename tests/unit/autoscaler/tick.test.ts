import { decide } from "../../../autoscaler/decide";
import type { Decision } from "../../../autoscaler/decision";
import type { Executor, ExchangeObservation } from "../../../autoscaler/executor";
import { EMPTY_MEMORY, type Memory } from "../../../autoscaler/memory";
import type { Sample } from "../../../autoscaler/sample";
import { type Decide, type Stop, Ticker } from "../../../autoscaler/tick";
import type { Headroom } from "../../../clouds/cloud-api";
import { OperatorError } from "../../../core/errors";
import type { UpdateOutcome } from "../../../stack/outcome";
import { POLICY } from "../../support/autoscaler";

const INTERVAL = 15_000;
const KEEP = 60_000;
const COUNTERS = { zone1: { boot: "a", uptime: 100, bytes: 5_000, busy: 300, ticks: 1_000 } };

/** Fake exchange. Its default decision, `byCalls`, wants one zone for every three calls. */
class World implements Executor {
  now = 1_000_000;
  zones = 2;
  /** Outdated number of zones that `observe` returns; null if the number is up to date. */
  seen: number | null = null;
  calls: number | null = 5;
  memory: Memory = EMPTY_MEMORY;
  /** Outcomes of the next updates, in order. Later updates succeed. */
  outcomes: UpdateOutcome[] = [];
  repairOutcome: UpdateOutcome = { kind: "done" };
  /** How many of the next writes of the memory fail because the disk is full. */
  full = 0;
  room: Headroom | null = null;
  broken = false;
  decide: Decide = byCalls;
  /** Number of connections without a registered phone. */
  unknown: number | null = null;
  /** Whether `byCalls` adds no zone after a scale-out, a failed scale-out or a failed scale-in. */
  waits = false;
  readonly gently = new AbortController();
  readonly atOnce = new AbortController();
  readonly done: string[] = [];
  /** Called during each update. */
  during: (signal: AbortSignal) => Promise<void> = () => Promise.resolve();

  observe(): Promise<ExchangeObservation> {
    const reading =
      this.calls === null
        ? null
        : { calls: this.calls, registrations: 0, bytesPerSecond: null, cpu: null };
    const fault = reading === null ? "zone1: out of reach" : null;
    const zones = [{ name: "zone1", reading, fault, down: false }];
    const { now: at, unknown } = this;
    const sample = { at, zones, out: [], sessions: unknown, unknown, fault: null };
    return Promise.resolve({ zones: this.seen ?? this.zones, sample, counters: COUNTERS });
  }

  inService(): Promise<number> {
    return Promise.resolve(this.zones);
  }

  headroom(): Promise<Headroom | null> {
    this.done.push("asked for quotas");
    return Promise.resolve(this.room);
  }

  async change(zones: number, signal: AbortSignal): Promise<UpdateOutcome> {
    this.done.push(`update to ${String(zones)}, ${JSON.stringify(this.memory.unfinished)}`);
    await this.during(signal);
    this.now += 60_000;
    if (signal.aborted) return { kind: "interrupted" };
    const outcome = this.outcomes.shift() ?? { kind: "done" };
    if (outcome.kind === "done") this.zones = zones;
    return outcome;
  }

  hasPendingOperations(): Promise<boolean> {
    return Promise.resolve(this.broken);
  }

  repair(): Promise<UpdateOutcome> {
    this.done.push("repaired");
    return Promise.resolve(this.repairOutcome);
  }

  /** Runs one tick of a new {@link Ticker}. Returns the outcome with the prefix `ok: ` or `bad: `. */
  async tick(): Promise<string> {
    const stop: Stop = { graceful: this.gently.signal, immediate: this.atOnce.signal };
    const { outcome, ok } = await this.ticker().tick(stop);
    return `${ok ? "ok" : "bad"}: ${outcome}`;
  }

  ticker(): Ticker {
    return new Ticker({
      executor: this,
      decide: this.decide,
      memory: {
        read: () => this.memory,
        write: (memory) => {
          if (this.full > 0) {
            this.full -= 1;
            throw new OperatorError("no space left on device");
          }
          this.memory = memory;
        },
      },
      interval: INTERVAL,
      keep: KEEP,
      now: () => this.now,
      pause: () => new Promise(setImmediate),
    });
  }
}

const byCalls: Decide = (samples, { zones, headroom, lastOut, failedIn, failures }) => {
  const waits = [lastOut, failedIn, failures].some((wait) => wait !== null);
  const calls = samples.at(-1)?.zones[0]?.reading?.calls ?? null;
  const wanted = calls === null ? zones : Math.ceil(calls / 3);
  const allowed = Math.min(wanted, zones + (headroom?.zones ?? Infinity));
  const action =
    allowed > zones ? (world.waits && waits ? "hold" : "out") : allowed < zones ? "in" : "hold";
  return { action, zones: allowed, reason: "", criteria: [] } satisfies Decision;
};

const QUOTA = { kind: "failed", why: "Quota exceeded for instances" } as const;

let world: World;
beforeEach(() => {
  world = new World();
});

test("a tick does nothing and does not query the quota if the number of zones is right", async () => {
  expect(await world.tick()).toBe("ok: nothing to do");
  expect(world.done).toEqual([]);
});

test("many connections without a registered phone change nothing, and the quota is not queried", async () => {
  world.zones = 1;
  world.unknown = 5_000;
  world.decide = (samples, state, now) => decide(samples, state, POLICY, now);
  const { decision } = await world.ticker().consider();
  expect(decision.reason).toMatch(/; 5000 connections without a registered phone do not count$/);
  expect(await world.tick()).toBe("ok: nothing to do");
  expect(world.done).toEqual([]);
});

test("a tick fails if no zone can be read, but still repairs an unfinished change", async () => {
  world.calls = null;
  expect(await world.tick()).toBe("bad: nothing was done");
  world.memory = { ...EMPTY_MEMORY, unfinished: { from: 2, to: 3 } };
  expect(await world.tick()).toBe("bad: done: repairing an unfinished change, at 2 zones");
});

test("a scale-out is recorded as unfinished before it begins, and its time is recorded after it ends", async () => {
  world.calls = 9;
  expect(await world.tick()).toBe("ok: done: from 2 to 3 zones");
  expect(world.done).toEqual(["asked for quotas", 'update to 3, {"from":2,"to":3}']);
  expect(world.memory).toMatchObject({ unfinished: null, lastOut: world.now, lastIn: null });
});

test("a scale-in is recorded as unfinished before it begins, and its time is recorded after it ends", async () => {
  world.calls = 3;
  expect(await world.tick()).toBe("ok: done: from 2 to 1 zone");
  expect(world.done).toEqual(['update to 1, {"from":2,"to":1}']);
  expect(world.memory).toMatchObject({ unfinished: null, lastOut: null, lastIn: world.now });
});

test("a tick adds no more zones than the quota allows", async () => {
  world.calls = 30;
  world.room = { zones: 1, shortage: "cores" };
  expect(await world.tick()).toBe("ok: done: from 2 to 3 zones");
  world.room = { zones: 0, shortage: "cores" };
  expect(await world.tick()).toBe("ok: nothing to do");
});

test("a change that the lock of another update prevents is not a failure, and the next tick tries again", async () => {
  world.calls = 9;
  world.outcomes = [{ kind: "locked" }];
  expect(await world.tick()).toBe(
    "ok: held: another update of the stack is under way; not done yet: from 2 to 3 zones",
  );
  expect(world.memory).toMatchObject({ unfinished: null, failures: null, lastOut: null });
  expect(await world.tick()).toBe("ok: done: from 2 to 3 zones");
});

test("a change that the guard refuses makes the tick fail, but does not count as a failed scale-out", async () => {
  const refused: UpdateOutcome = { kind: "refused", why: "controller: server replaced: not now" };
  world.calls = 9;
  world.outcomes = [refused];
  expect(await world.tick()).toBe(
    "bad: held: the guard refuses: controller: server replaced: not now",
  );
  expect(world.done.slice(1)).toEqual(['update to 3, {"from":2,"to":3}']);
  expect(world.memory).toMatchObject({ unfinished: null, failures: null, failedMends: null });
  world.calls = 5;
  world.memory = { ...EMPTY_MEMORY, unfinished: { from: 2, to: 3 } };
  world.outcomes = [refused];
  expect(await world.tick()).toMatch(/^bad: held: the guard refuses: /);
  expect(await world.tick()).toBe("ok: held: repair of an unfinished change is retried in 30 s");
});

test("a refused change after a repair leaves the old change unfinished and delays the next repair", async () => {
  world.calls = 9;
  world.memory = { ...EMPTY_MEMORY, unfinished: { from: 2, to: 3 } };
  world.outcomes = [{ kind: "refused", why: "controller: server replaced: not now" }];
  expect(await world.tick()).toMatch(/^bad: held: the guard refuses: /);
  expect(world.memory.unfinished).toEqual({ from: 2, to: 3 });
  expect(await world.tick()).toBe("ok: held: repair of an unfinished change is retried in 30 s");
  expect(world.done.filter((what) => what === "repaired")).toHaveLength(1);
});

test("a failed scale-out is rolled back and counted", async () => {
  world.calls = 9;
  world.outcomes = [QUOTA];
  expect(await world.tick()).toBe(
    "bad: failed: from 2 to 3 zones: Quota exceeded for instances; done: back to 2 zones",
  );
  expect(world.done.slice(1)).toEqual([
    'update to 3, {"from":2,"to":3}',
    'update to 2, {"from":2,"to":3}',
  ]);
  expect(world.memory).toMatchObject({ unfinished: null, failures: { count: 1 }, lastOut: null });

  world.outcomes = [QUOTA];
  await world.tick();
  expect(world.memory.failures?.count).toBe(2);
  await world.tick();
  expect(world.memory).toMatchObject({ failures: null, lastOut: world.now });
});

test("a failed scale-in is rolled back, and its time is recorded as `failedIn`, not as `lastIn`", async () => {
  world.calls = 3;
  world.outcomes = [{ kind: "failed", why: "1 call still going after 3600 s" }];
  expect(await world.tick()).toBe(
    "bad: failed: from 2 to 1 zone: 1 call still going after 3600 s; done: back to 2 zones",
  );
  // The rollback took 60 s after the failure.
  const failedIn = world.now - 60_000;
  expect(world.memory).toMatchObject({ failures: null, lastIn: null, failedIn });
  await world.tick();
  expect(world.memory).toMatchObject({ lastIn: world.now, failedIn: null });
});

test("a failed rollback is tried again after a delay until it succeeds", async () => {
  world.calls = 9;
  world.outcomes = [QUOTA, { kind: "failed", why: "no answer" }];
  expect(await world.tick()).toBe(
    "bad: failed: from 2 to 3 zones: Quota exceeded for instances; failed: back to 2 zones: no answer",
  );
  world.calls = 5;
  world.done.length = 0;
  world.now = (world.memory.failedMends?.at ?? 0) + INTERVAL;
  expect(await world.tick()).toBe("ok: held: repair of an unfinished change is retried in 15 s");
  world.now += INTERVAL;
  world.outcomes = [{ kind: "failed", why: "no answer" }];
  expect(await world.tick()).toMatch(/^bad: failed: repairing .* at 2 zones: no answer$/);
  expect(world.memory.failedMends?.count).toBe(2);
  world.now += 10 * INTERVAL;
  expect(await world.tick()).toBe("ok: done: repairing an unfinished change, at 2 zones");
  // The scale-out still counts as one failure.
  expect(world.memory).toMatchObject({ unfinished: null, failedMends: null });
  expect(world.memory.failures?.count).toBe(1);
  const attempt = ["repaired", 'update to 2, {"from":2,"to":3}'];
  expect(world.done).toEqual([...attempt, ...attempt]);
});

describe("the tick after a change that was killed", () => {
  beforeEach(() => {
    world.memory = { ...EMPTY_MEMORY, unfinished: { from: 2, to: 3 } };
  });

  test("repairs the stack, and then makes the change that it decides on", async () => {
    world.calls = 9;
    expect(await world.tick()).toBe("ok: done: from 2 to 3 zones");
    expect(world.done.slice(1)).toEqual(["repaired", 'update to 3, {"from":2,"to":3}']);
    expect(world.memory.unfinished).toBeNull();
  });

  test("returns to the number of zones in the stack's outputs if it decides to hold", async () => {
    expect(await world.tick()).toBe("ok: done: repairing an unfinished change, at 2 zones");
    expect(world.done).toEqual(["repaired", 'update to 2, {"from":2,"to":3}']);
    expect(world.memory.unfinished).toBeNull();
  });

  test("makes no change while another update is running", async () => {
    world.repairOutcome = { kind: "locked" };
    expect(await world.tick()).toMatch(/^ok: held: another update of the stack is under way/);
    world.calls = 9;
    expect(await world.tick()).toMatch(/^ok: held: another update of the stack is under way/);
    expect(world.memory.unfinished).toEqual({ from: 2, to: 3 });
    expect(world.done).toEqual(["repaired", "asked for quotas", "repaired"]);
  });
});

test("a failed repair makes the tick fail, and delays the next repair", async () => {
  world.memory = { ...EMPTY_MEMORY, unfinished: { from: 2, to: 3 } };
  world.calls = 9;
  world.repairOutcome = { kind: "failed", why: "no answer" };
  expect(await world.tick()).toBe("bad: failed: from 2 to 3 zones: no answer");
  expect(world.memory).toMatchObject({
    failedMends: { count: 1, at: world.now },
    unfinished: { from: 2, to: 3 },
    failures: null,
  });
  expect(await world.tick()).toBe("ok: held: repair of an unfinished change is retried in 30 s");
  world.calls = 3;
  expect(await world.tick()).toBe("ok: held: repair of an unfinished change is retried in 30 s");
  expect(world.done).toEqual(["asked for quotas", "repaired", "asked for quotas"]);
  Object.assign(world, { now: world.now + 2 * INTERVAL, repairOutcome: { kind: "done" } });
  expect(await world.tick()).toBe("ok: done: from 2 to 1 zone");
  expect(world.memory).toMatchObject({ unfinished: null, failedMends: null });
});

test("a failed repair delays no change if the stack no longer needs a repair", async () => {
  world.broken = true;
  world.calls = 9;
  world.repairOutcome = { kind: "failed", why: "no answer" };
  expect(await world.tick()).toBe("bad: failed: from 2 to 3 zones: no answer");
  world.broken = false;
  expect(await world.tick()).toBe("ok: done: from 2 to 3 zones");
});

test("a killed update of an operator is repaired before a change, but not before a hold", async () => {
  world.broken = true;
  expect(await world.tick()).toBe("ok: nothing to do");
  world.calls = 9;
  expect(await world.tick()).toBe("ok: done: from 2 to 3 zones");
  expect(world.done.slice(1)).toEqual(["repaired", 'update to 3, {"from":2,"to":3}']);
});

describe("a number of zones that an operator has changed after the sample was taken", () => {
  beforeEach(() => {
    Object.assign(world, { seen: 2, zones: 4 });
  });

  test("is kept until a later sample shows it", async () => {
    world.calls = 9;
    expect(await world.tick()).toBe(
      "ok: held: there are 4 zones now; the autoscaler decides again at the next measurement",
    );
    world.calls = 3;
    expect(await world.tick()).toBe(
      "ok: held: there are 4 zones now; the autoscaler decides again at the next measurement",
    );
    expect(world.done).toEqual(["asked for quotas"]);
    expect(world.memory).toMatchObject({ unfinished: null, lastOut: null, lastIn: null });
    world.seen = null;
    expect(await world.tick()).toBe("ok: done: from 4 to 1 zone");
  });

  test("is also kept after the repair of a killed change", async () => {
    world.memory = { ...EMPTY_MEMORY, unfinished: { from: 2, to: 3 } };
    world.calls = 9;
    expect(await world.tick()).toBe(
      "ok: held: there are 4 zones now; the autoscaler decides again at the next measurement",
    );
    expect(world.done).toEqual(["asked for quotas", "repaired"]);
    expect(world.memory.unfinished).toEqual({ from: 2, to: 3 });
  });

  test("is the number that a repair returns to after a killed change", async () => {
    world.memory = { ...EMPTY_MEMORY, unfinished: { from: 2, to: 3 } };
    expect(await world.tick()).toBe("ok: done: repairing an unfinished change, at 4 zones");
    expect(world.done).toEqual(["repaired", 'update to 4, {"from":2,"to":3}']);
    expect(world.zones).toBe(4);
  });
});

describe("a drain is cancelled if its zone is needed again,", () => {
  beforeEach(() => {
    world.calls = 3;
    world.during = async (signal) => {
      world.during = () => Promise.resolve();
      world.calls = 5;
      await new Promise((resolve) => {
        signal.addEventListener("abort", resolve);
        setTimeout(resolve, 500).unref();
      });
    };
  });
  afterEach(async () => {
    expect(await world.tick()).toBe(
      "bad: failed: from 2 to 1 zone: the zone is needed again; done: back to 2 zones",
    );
    expect(world.zones).toBe(2);
  });

  test("even during a cooldown, because keeping a zone needs nothing from the cloud", () => {
    const failures = { count: 3, at: world.now };
    world.waits = true;
    world.memory = { ...EMPTY_MEMORY, lastOut: world.now, failedIn: world.now, failures };
  });

  test("even if the samples cannot be saved", () => {
    const { during } = world;
    world.during = (signal) => {
      world.full = 1;
      return during(signal);
    };
  });
});

describe("a request to stop", () => {
  test("before a change prevents the change", async () => {
    world.gently.abort();
    expect(await world.tick()).toBe("ok: nothing to do");
    world.calls = 9;
    expect(await world.tick()).toBe("ok: held: stopping");
    world.calls = 5;
    world.memory = { ...EMPTY_MEMORY, unfinished: { from: 2, to: 3 } };
    expect(await world.tick()).toBe("ok: held: stopping");
    expect(world.done).toEqual(["asked for quotas"]);
  });

  test("during a repair prevents the change after it", async () => {
    world.broken = true;
    world.calls = 9;
    const repair = world.repair.bind(world);
    world.repair = () => {
      world.gently.abort();
      return repair();
    };
    expect(await world.tick()).toBe("ok: held: stopping");
    expect(world.done).toEqual(["asked for quotas", "repaired"]);
    expect(world.memory.unfinished).toBeNull();
  });

  test("during a drain cancels the drain and leaves it to the next run", async () => {
    world.calls = 3;
    world.during = () => {
      world.gently.abort();
      return Promise.resolve();
    };
    expect(await world.tick()).toBe(
      "ok: cancelled: from 2 to 1 zone; the next run repairs the stack if needed",
    );
    expect(world.memory.unfinished).toEqual({ from: 2, to: 1 });
  });

  test("during a scale-out lets the scale-out finish", async () => {
    world.calls = 9;
    world.during = () => {
      world.gently.abort();
      return Promise.resolve();
    };
    expect(await world.tick()).toBe("ok: done: from 2 to 3 zones");
  });

  test("that is immediate also cancels a scale-out", async () => {
    world.calls = 9;
    world.during = () => {
      world.atOnce.abort();
      return Promise.resolve();
    };
    expect(await world.tick()).toBe(
      "ok: cancelled: from 2 to 3 zones; the next run repairs the stack if needed",
    );
    expect(world.memory).toMatchObject({ unfinished: { from: 2, to: 3 }, failures: null });
  });
});

test("the counters of the zones are kept for the next run", async () => {
  await world.tick();
  expect(world.memory.counters).toEqual(COUNTERS);
});

test("samples are kept for `keep` milliseconds, even if a zone could not be read", async () => {
  for (let tick = 0; tick < 10; tick++) {
    world.calls = tick % 2 === 0 ? 5 : null;
    await world.tick();
    world.now += INTERVAL;
  }
  const { samples } = world.memory;
  expect(samples.map(({ at, zones }: Sample) => [at, zones[0]?.reading?.calls ?? null])).toEqual([
    [1_090_000, 5],
    [1_105_000, null],
    [1_120_000, 5],
    [1_135_000, null],
  ]);
});
