import fc from "fast-check";
import {
  DrainDecision,
  type DrainObservation,
  type Step,
} from "../../../../nodes/rotation/drain-decision";

const POLICY = { timeout: 60, force: false };

const look = (changes: Partial<DrainObservation> = {}): DrainObservation => ({
  at: 10_000,
  hasOtherZone: true,
  calls: 0,
  channels: 0,
  busy: new Set(),
  contacts: [],
  ...changes,
});

const alice = { extension: "1001", port: 40_001 };
const bob = { extension: "1002", port: 40_002 };
const inCall = { calls: 1, channels: 2 };
const WAIT: Step = { kind: "wait" };

test("a drain moves a phone without a call immediately, and a phone in a call after its call", () => {
  const decision = new DrainDecision(POLICY, "refuse");
  const talking = look({ ...inCall, busy: new Set(["1001"]), contacts: [alice, bob] });

  expect(decision.next(talking)).toEqual({ kind: "move", ports: [bob.port] });
  expect(decision.next(talking)).toEqual(WAIT);
  expect(decision.next(look({ contacts: [alice] }))).toEqual({ kind: "move", ports: [alice.port] });
});

test("a drain does not move an idle line that shares its connection with a line in a call", () => {
  const decision = new DrainDecision(POLICY, "refuse");
  const sameDesk = { extension: "1003", port: alice.port };
  const contacts = [alice, sameDesk];

  expect(decision.next(look({ ...inCall, busy: new Set(["1001"]), contacts }))).toEqual(WAIT);
});

test("a drain closes all connections at the second observation without a call, and ends at the third", () => {
  const decision = new DrainDecision(POLICY, "refuse");
  const kinds = [0, 0, 0].map(() => decision.next(look()).kind);
  expect(kinds).toEqual(["wait", "close", "done"]);
});

test("a drain does not close all connections in the first five seconds, so that phones can register", () => {
  const decision = new DrainDecision(POLICY, "refuse");
  const looks = [0, 1000, 2000, 4999, 5000, 6000].map((at) => look({ at }));
  expect(looks.map((seen) => decision.next(seen).kind)).toEqual([
    "wait",
    "wait",
    "wait",
    "wait",
    "wait",
    "close",
  ]);
});

test("a drain does not wait five seconds for registrations if there is no other zone", () => {
  const decision = new DrainDecision(POLICY, "wait");
  const kinds = [0, 1000, 2000].map((at) => decision.next(look({ at, hasOtherZone: false })).kind);
  expect(kinds).toEqual(["wait", "close", "done"]);
});

test("a drain waits for a call that begins while the connections are being closed", () => {
  const decision = new DrainDecision(POLICY, "refuse");
  const looks = [look(), look(), look(inCall), look(), look(), look()];
  expect(looks.map((seen) => decision.next(seen).kind)).toEqual([
    "wait",
    "close",
    "wait",
    "wait",
    "close",
    "done",
  ]);
});

test("a drain moves at most 200 phones in one step, because they register elsewhere at the same time", () => {
  const decision = new DrainDecision(POLICY, "refuse");
  const contacts = Array.from({ length: 450 }, (_, index) => ({
    extension: String(1000 + index),
    port: 20_000 + index,
  }));
  const moved = [0, 0, 0].map(() => {
    const step = decision.next(look({ contacts }));
    return step.kind === "move" ? step.ports.length : step.kind;
  });
  expect(moved).toEqual([200, 200, 50]);
});

describe("after the timeout,", () => {
  const late = look({ ...inCall, at: 60_000 });

  test("the zone goes back into service if the policy does not set force", () => {
    expect(new DrainDecision(POLICY, "refuse").next(late)).toEqual({
      kind: "abandon",
      reason: "late",
    });
  });

  test("calls are cut if the policy sets force", () => {
    expect(new DrainDecision({ ...POLICY, force: true }, "refuse").next(late)).toEqual({
      kind: "cut",
    });
  });
});

test("a drain ends after three failed attempts to end the calls", () => {
  const decision = new DrainDecision({ ...POLICY, force: true }, "refuse");
  const kinds = [60_000, 66_000, 72_000, 78_000].map(
    (at) => decision.next(look({ ...inCall, at })).kind,
  );
  expect(kinds).toEqual(["cut", "cut", "cut", "release"]);
});

test("after a cut, a drain first moves the phones that became idle, and then cuts calls again", () => {
  const decision = new DrainDecision({ ...POLICY, force: true }, "refuse");
  const busy = (...extensions: string[]): DrainObservation =>
    look({ ...inCall, at: 60_000, busy: new Set(extensions), contacts: [alice, bob] });
  expect(decision.next(busy("1001", "1002"))).toEqual({ kind: "cut" });
  expect(decision.next(busy("1002"))).toEqual({ kind: "move", ports: [alice.port] });
  expect(decision.next(busy("1002"))).toEqual({ kind: "cut" });
  expect(decision.next(busy())).toEqual({ kind: "move", ports: [bob.port] });
});

test("after a failed move, a drain tries again to move the phone when the phone has no call", () => {
  const decision = new DrainDecision(POLICY, "refuse");
  const idle = look({ contacts: [alice] });
  const step = decision.next(idle);
  expect(step).toEqual({ kind: "move", ports: [alice.port] });
  decision.retract(step);
  expect(decision.next(look({ ...inCall, busy: new Set(["1001"]), contacts: [alice] }))).toEqual(
    WAIT,
  );
  expect(decision.next(idle)).toEqual(step);
});

test("after a failed close, a drain tries again to close all connections before it ends", () => {
  const decision = new DrainDecision(POLICY, "refuse");
  const kinds = [0, 0].map(() => decision.next(look()).kind);
  expect(kinds).toEqual(["wait", "close"]);
  decision.retract({ kind: "close" });
  expect([0, 0, 0].map(() => decision.next(look()).kind)).toEqual(["wait", "close", "done"]);
});

describe("without another zone in the rotation,", () => {
  test("the drain is abandoned if the exchange is not destroyed", () => {
    const alone = look({ hasOtherZone: false, contacts: [bob] });
    expect(new DrainDecision(POLICY, "refuse").next(alone)).toEqual({
      kind: "abandon",
      reason: "alone",
    });
  });

  test("the drain moves no phones but waits for calls if the exchange is destroyed", () => {
    const decision = new DrainDecision(POLICY, "wait");
    const last = look({ hasOtherZone: false, contacts: [alice, bob] });
    const steps = [{ ...last, ...inCall, busy: new Set(["1001"]) }, last, last, last];
    expect(steps.map((seen) => decision.next(seen).kind)).toEqual([
      "wait",
      "wait",
      "close",
      "done",
    ]);
  });
});

describe("for any sequence of observations,", () => {
  const extension = fc.integer({ min: 1001, max: 1006 }).map(String);
  const contact = fc.record({ extension, port: fc.integer({ min: 40_000, max: 40_004 }) });
  const anyLook = fc
    .record({
      refuge: fc.boolean(),
      busy: fc.array(extension, { maxLength: 3 }),
      trunkCalls: fc.integer({ min: 0, max: 1 }),
      contacts: fc.array(contact, { maxLength: 6 }),
    })
    .map(({ refuge, busy, trunkCalls, contacts }) => {
      const channels = new Set(busy).size + 2 * trunkCalls;
      return look({
        hasOtherZone: refuge,
        busy: new Set(busy),
        contacts,
        channels,
        calls: Math.ceil(channels / 2),
      });
    });
  const policy = fc.record({ timeout: fc.integer({ min: 1, max: 20 }), force: fc.boolean() });
  const last = fc.constantFrom("refuse" as const, "wait" as const);

  /** Returns a property that checks every step of a drain. Its observations are one second apart. */
  const property = (
    holds: (step: Step, seen: DrainObservation, before: Step | undefined) => boolean,
  ) =>
    fc.property(policy, last, fc.array(anyLook, { maxLength: 30 }), (drain, zone, looks) => {
      const decision = new DrainDecision(drain, zone);
      let before: Step | undefined;
      return looks.every((seen, index) => {
        const step = decision.next({ ...seen, at: index * 1000 });
        const held = holds(step, seen, before);
        before = step;
        return held;
      });
    });

  test("neither a move nor a close disconnects a phone that has a call", () => {
    fc.assert(
      property((step, { busy, contacts }) => {
        if (step.kind === "close") return busy.size === 0;
        if (step.kind !== "move") return true;
        return contacts.every(
          ({ extension, port }) => !busy.has(extension) || !step.ports.includes(port),
        );
      }),
    );
  });

  test("the drain is done only without calls and after it has closed the remaining connections", () => {
    fc.assert(
      property(
        (step, { channels }, before) =>
          step.kind !== "done" ||
          (channels === 0 && (before?.kind === "close" || before?.kind === "done")),
      ),
    );
  });

  test("no call is cut before the timeout, or if the policy does not set force", () => {
    fc.assert(
      fc.property(policy, last, fc.array(anyLook, { maxLength: 30 }), (drain, zone, looks) => {
        const decision = new DrainDecision(drain, zone);
        return looks.every((seen, index) => {
          const { kind } = decision.next({ ...seen, at: index * 1000 });
          const isCut = kind === "cut" || kind === "release";
          return !isCut || (drain.force && index >= drain.timeout);
        });
      }),
    );
  });

  test("the drain is done within four observations if there are no calls and five seconds have passed", () => {
    fc.assert(
      fc.property(policy, fc.array(contact, { maxLength: 10 }), (drain, contacts) => {
        const decision = new DrainDecision(drain, "refuse");
        const kinds = Array.from({ length: 4 }, () => decision.next(look({ contacts })).kind);
        return kinds.at(-1) === "done";
      }),
    );
  });
});
