import type { Headroom } from "../../../clouds/cloud";
import type { UpdateOutcome } from "../../../stack/outcome";
import { decide } from "../../../autoscaler/decide";
import type { Decision } from "../../../autoscaler/decision";
import type { Executor, ExchangeLook } from "../../../autoscaler/executor";
import type { Memory } from "../../../autoscaler/memory";
import type { Sample } from "../../../autoscaler/sample";
import { OperatorError } from "../../../core/errors";
import { type Decide, type Stop, Ticker } from "../../../autoscaler/tick";
import { POLICY } from "../../support/autoscaler";

const INTERVAL = 15_000;
const KEEP = 60_000;
const FRESH: Memory = {
  ...{ lastOut: null, lastIn: null, failedIn: null, failures: null, failedMends: null },
  ...{ unfinished: null, samples: [], counters: {} },
};
const COUNTERS = { zone1: { boot: "a", uptime: 100, bytes: 5_000, busy: 300, ticks: 1_000 } };

/** An exchange that has as many zones as its calls ask for, three of them each. */
class World implements Executor {
  now = 1_000_000;
  zones = 2;
  /** What a look takes for their number, where that is out of date. */
  seen: number | null = null;
  calls: number | null = 5;
  memory: Memory = FRESH;
  /** What became of the updates that are yet to come; those beyond it are done. */
  outcomes: UpdateOutcome[] = [];
  mended: UpdateOutcome = { kind: "done" };
  /** Writes that the disk has no room for, before it has again. */
  full = 0;
  room: Headroom | null = null;
  broken = false;
  decide: Decide = byCalls;
  /** Connections of no registered phone. */
  unknown: number | null = null;
  /** Whether no zone comes after anything that a policy has cooldowns for. */
  waits = false;
  readonly gently = new AbortController();
  readonly atOnce = new AbortController();
  readonly done: string[] = [];
  /** What happens while an update is under way. */
  during: (signal: AbortSignal) => Promise<void> = () => Promise.resolve();

  look(): Promise<ExchangeLook> {
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
    this.done.push("mended");
    return Promise.resolve(this.mended);
  }

  /** A tick of an autoscaler that has just been started. */
  async tick(): Promise<string> {
    const stop: Stop = { gently: this.gently.signal, atOnce: this.atOnce.signal };
    const { outcome, ok } = await this.ticker().tick(stop);
    return `${ok ? "ok" : "bad"}: ${outcome}`;
  }

  ticker(): Ticker {
    return new Ticker({
      hands: this,
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
      ...{ interval: INTERVAL, keep: KEEP },
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

test("who has what is needed does nothing, and asks the cloud nothing", async () => {
  expect(await world.tick()).toBe("ok: nothing to do");
  expect(world.done).toEqual([]);
});

test("a flood of connections without a phone changes nothing, and asks the cloud nothing", async () => {
  world.zones = 1;
  world.unknown = 5_000;
  world.decide = (samples, state, now) => decide(samples, state, POLICY, now);
  const { decision } = await world.ticker().consider();
  expect(decision.reason).toMatch(/; 5000 connections without a registered phone do not count$/);
  expect(await world.tick()).toBe("ok: nothing to do");
  expect(world.done).toEqual([]);
});

test("who cannot see a zone does nothing, and that is not well", async () => {
  world.calls = null;
  expect(await world.tick()).toBe("bad: nothing was done");
  world.memory = { ...FRESH, unfinished: { from: 2, to: 3 } };
  expect(await world.tick()).toBe("bad: done: mending what was left half done, at 2 zones");
});

test("a scale-out is written down before it is begun, and its end after it", async () => {
  world.calls = 9;
  expect(await world.tick()).toBe("ok: done: from 2 to 3 zones");
  expect(world.done).toEqual(["asked for quotas", 'update to 3, {"from":2,"to":3}']);
  expect(world.memory).toMatchObject({ unfinished: null, lastOut: world.now, lastIn: null });
});

test("a scale-in is, too", async () => {
  world.calls = 3;
  expect(await world.tick()).toBe("ok: done: from 2 to 1 zone");
  expect(world.done).toEqual(['update to 1, {"from":2,"to":1}']);
  expect(world.memory).toMatchObject({ unfinished: null, lastOut: null, lastIn: world.now });
});

test("no more zones come than the quota has room for", async () => {
  world.calls = 30;
  world.room = { zones: 1, short: "cores" };
  expect(await world.tick()).toBe("ok: done: from 2 to 3 zones");
  world.room = { zones: 0, short: "cores" };
  expect(await world.tick()).toBe("ok: nothing to do");
});

test("another update's lock is no failure: the next tick tries again", async () => {
  world.calls = 9;
  world.outcomes = [{ kind: "locked" }];
  expect(await world.tick()).toBe(
    "ok: held: another update of the stack is under way; from 2 to 3 zones has to wait",
  );
  expect(world.memory).toMatchObject({ unfinished: null, failures: null, lastOut: null });
  expect(await world.tick()).toBe("ok: done: from 2 to 3 zones");
});

test("what the guard refuses waits for an operator, and is no failure of the cloud", async () => {
  const refused: UpdateOutcome = { kind: "refused", why: "controller: server replaced: not now" };
  world.calls = 9;
  world.outcomes = [refused];
  expect(await world.tick()).toBe(
    "bad: held: the guard refuses: controller: server replaced: not now",
  );
  expect(world.done.slice(1)).toEqual(['update to 3, {"from":2,"to":3}']);
  expect(world.memory).toMatchObject({ unfinished: null, failures: null, failedMends: null });
  world.calls = 5;
  world.memory = { ...FRESH, unfinished: { from: 2, to: 3 } };
  world.outcomes = [refused];
  expect(await world.tick()).toMatch(/^bad: held: the guard refuses: /);
  expect(await world.tick()).toBe("ok: held: what was left half done is tried again in 30 s");
});

test("what was left half done is not looked for again and again where the guard refuses the next change", async () => {
  world.calls = 9;
  world.memory = { ...FRESH, unfinished: { from: 2, to: 3 } };
  world.outcomes = [{ kind: "refused", why: "controller: server replaced: not now" }];
  expect(await world.tick()).toMatch(/^bad: held: the guard refuses: /);
  expect(world.memory.unfinished).toEqual({ from: 2, to: 3 });
  expect(await world.tick()).toBe("ok: held: what was left half done is tried again in 30 s");
  expect(world.done.filter((what) => what === "mended")).toHaveLength(1);
});

test("a scale-out that fails is rolled back, and counted", async () => {
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

test("a scale-in that fails is rolled back, and remembered apart from one that is done", async () => {
  world.calls = 3;
  world.outcomes = [{ kind: "failed", why: "1 call still going after 3600 s" }];
  expect(await world.tick()).toBe(
    "bad: failed: from 2 to 1 zone: 1 call still going after 3600 s; done: back to 2 zones",
  );
  // The rollback took as long as the attempt did.
  const failedIn = world.now - 60_000;
  expect(world.memory).toMatchObject({ failures: null, lastIn: null, failedIn });
  await world.tick();
  expect(world.memory).toMatchObject({ lastIn: world.now, failedIn: null });
});

test("a rollback that fails is tried again, each time later", async () => {
  world.calls = 9;
  world.outcomes = [QUOTA, { kind: "failed", why: "no answer" }];
  expect(await world.tick()).toBe(
    "bad: failed: from 2 to 3 zones: Quota exceeded for instances; failed: back to 2 zones: no answer",
  );
  world.calls = 5;
  world.done.length = 0;
  world.now = (world.memory.failedMends?.at ?? 0) + INTERVAL;
  expect(await world.tick()).toBe("ok: held: what was left half done is tried again in 15 s");
  world.now += INTERVAL;
  world.outcomes = [{ kind: "failed", why: "no answer" }];
  expect(await world.tick()).toMatch(/^bad: failed: mending .* at 2 zones: no answer$/);
  expect(world.memory.failedMends?.count).toBe(2);
  world.now += 10 * INTERVAL;
  expect(await world.tick()).toBe("ok: done: mending what was left half done, at 2 zones");
  // That the cloud refused a zone has been so once.
  expect(world.memory).toMatchObject({ unfinished: null, failedMends: null });
  expect(world.memory.failures?.count).toBe(1);
  const attempt = ["mended", 'update to 2, {"from":2,"to":3}'];
  expect(world.done).toEqual([...attempt, ...attempt]);
});

describe("whoever finds a change that was killed", () => {
  beforeEach(() => {
    world.memory = { ...FRESH, unfinished: { from: 2, to: 3 } };
  });

  test("mends what it left, and goes on to what is decided now", async () => {
    world.calls = 9;
    expect(await world.tick()).toBe("ok: done: from 2 to 3 zones");
    expect(world.done.slice(1)).toEqual(["mended", 'update to 3, {"from":2,"to":3}']);
    expect(world.memory.unfinished).toBeNull();
  });

  test("goes back to what the stack remembers, where nothing else is decided", async () => {
    expect(await world.tick()).toBe("ok: done: mending what was left half done, at 2 zones");
    expect(world.done).toEqual(["mended", 'update to 2, {"from":2,"to":3}']);
    expect(world.memory.unfinished).toBeNull();
  });

  test("waits for the update that outlives it", async () => {
    world.mended = { kind: "locked" };
    expect(await world.tick()).toMatch(/^ok: held: another update of the stack is under way/);
    world.calls = 9;
    expect(await world.tick()).toMatch(/^ok: held: another update of the stack is under way/);
    expect(world.memory.unfinished).toEqual({ from: 2, to: 3 });
    expect(world.done).toEqual(["mended", "asked for quotas", "mended"]);
  });
});

test("what cannot be mended is a failure, after which the next try waits", async () => {
  world.memory = { ...FRESH, unfinished: { from: 2, to: 3 } };
  world.calls = 9;
  world.mended = { kind: "failed", why: "no answer" };
  expect(await world.tick()).toBe("bad: failed: from 2 to 3 zones: no answer");
  expect(world.memory).toMatchObject({
    ...{ failedMends: { count: 1, at: world.now }, unfinished: { from: 2, to: 3 } },
    failures: null,
  });
  expect(await world.tick()).toBe("ok: held: what was left half done is tried again in 30 s");
  world.calls = 3;
  expect(await world.tick()).toBe("ok: held: what was left half done is tried again in 30 s");
  expect(world.done).toEqual(["asked for quotas", "mended", "asked for quotas"]);
  Object.assign(world, { now: world.now + 2 * INTERVAL, mended: { kind: "done" } });
  expect(await world.tick()).toBe("ok: done: from 2 to 1 zone");
  expect(world.memory).toMatchObject({ unfinished: null, failedMends: null });
});

test("what somebody else has put right meanwhile is not waited for", async () => {
  world.broken = true;
  world.calls = 9;
  world.mended = { kind: "failed", why: "no answer" };
  expect(await world.tick()).toBe("bad: failed: from 2 to 3 zones: no answer");
  world.broken = false;
  expect(await world.tick()).toBe("ok: done: from 2 to 3 zones");
});

test("an update of somebody else's that was killed is mended before a change", async () => {
  world.broken = true;
  expect(await world.tick()).toBe("ok: nothing to do");
  world.calls = 9;
  expect(await world.tick()).toBe("ok: done: from 2 to 3 zones");
  expect(world.done.slice(1)).toEqual(["mended", 'update to 3, {"from":2,"to":3}']);
});

describe("a number of zones that was changed by hand meanwhile", () => {
  beforeEach(() => {
    Object.assign(world, { seen: 2, zones: 4 });
  });

  test("is left alone: the next look decides anew", async () => {
    world.calls = 9;
    expect(await world.tick()).toBe(
      "ok: held: there are 4 zones by now; the next look decides anew",
    );
    world.calls = 3;
    expect(await world.tick()).toBe(
      "ok: held: there are 4 zones by now; the next look decides anew",
    );
    expect(world.done).toEqual(["asked for quotas"]);
    expect(world.memory).toMatchObject({ unfinished: null, lastOut: null, lastIn: null });
    world.seen = null;
    expect(await world.tick()).toBe("ok: done: from 4 to 1 zone");
  });

  test("is left alone after what was killed is mended, too", async () => {
    world.memory = { ...FRESH, unfinished: { from: 2, to: 3 } };
    world.calls = 9;
    expect(await world.tick()).toBe(
      "ok: held: there are 4 zones by now; the next look decides anew",
    );
    expect(world.done).toEqual(["asked for quotas", "mended"]);
    expect(world.memory.unfinished).toEqual({ from: 2, to: 3 });
  });

  test("is what a change that was killed goes back to", async () => {
    world.memory = { ...FRESH, unfinished: { from: 2, to: 3 } };
    expect(await world.tick()).toBe("ok: done: mending what was left half done, at 4 zones");
    expect(world.done).toEqual(["mended", 'update to 4, {"from":2,"to":3}']);
    expect(world.zones).toBe(4);
  });
});

describe("a zone that is drained stays when it is needed again", () => {
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
      "bad: failed: from 2 to 1 zone: its zone is needed again; done: back to 2 zones",
    );
    expect(world.zones).toBe(2);
  });

  test("which takes no cloud, so that nothing is waited for", () => {
    const failures = { count: 3, at: world.now };
    world.waits = true;
    world.memory = { ...FRESH, lastOut: world.now, failedIn: world.now, failures };
  });

  test("also where what is seen cannot be written down", () => {
    const { during } = world;
    world.during = (signal) => {
      world.full = 1;
      return during(signal);
    };
  });
});

describe("told to end", () => {
  test("before it begins, it begins nothing", async () => {
    world.gently.abort();
    expect(await world.tick()).toBe("ok: nothing to do");
    world.calls = 9;
    expect(await world.tick()).toBe("ok: held: ending");
    world.calls = 5;
    world.memory = { ...FRESH, unfinished: { from: 2, to: 3 } };
    expect(await world.tick()).toBe("ok: held: ending");
    expect(world.done).toEqual(["asked for quotas"]);
  });

  test("while it mends, it begins no change after that", async () => {
    world.broken = true;
    world.calls = 9;
    const repair = world.repair.bind(world);
    world.repair = () => {
      world.gently.abort();
      return repair();
    };
    expect(await world.tick()).toBe("ok: held: ending");
    expect(world.done).toEqual(["asked for quotas", "mended"]);
    expect(world.memory.unfinished).toBeNull();
  });

  test("a drain is called off, and left to the next run", async () => {
    world.calls = 3;
    world.during = () => {
      world.gently.abort();
      return Promise.resolve();
    };
    expect(await world.tick()).toBe(
      "ok: called off: from 2 to 1 zone; the next run goes on from there",
    );
    expect(world.memory.unfinished).toEqual({ from: 2, to: 1 });
  });

  test("a new zone is finished", async () => {
    world.calls = 9;
    world.during = () => {
      world.gently.abort();
      return Promise.resolve();
    };
    expect(await world.tick()).toBe("ok: done: from 2 to 3 zones");
  });

  test("at once, it is called off as well", async () => {
    world.calls = 9;
    world.during = () => {
      world.atOnce.abort();
      return Promise.resolve();
    };
    expect(await world.tick()).toBe(
      "ok: called off: from 2 to 3 zones; the next run goes on from there",
    );
    expect(world.memory).toMatchObject({ unfinished: { from: 2, to: 3 }, failures: null });
  });
});

test("what the zones have counted is kept for the next run", async () => {
  await world.tick();
  expect(world.memory.counters).toEqual(COUNTERS);
});

test("samples are kept for as long as they are of use, unknown ones too", async () => {
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
