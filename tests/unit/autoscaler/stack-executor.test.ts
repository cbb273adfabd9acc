import { CommandError, ConcurrentUpdateError, type Stack } from "@pulumi/pulumi/automation";
import { StackExecutor, type StackExecutorOptions } from "../../../autoscaler/stack-executor";
import type { CloudApi } from "../../../clouds/cloud";
import { OperatorError } from "../../../core/errors";
import { WANTED_ZONES } from "../../../config/wanted-zones";

const failure = (of: { prototype: object }, message: string): Error =>
  Object.assign(Object.create(of.prototype) as Error, { message });

const NEVER = new AbortController().signal;
const CLOUD: CloudApi = {
  headroom: () => Promise.resolve(null),
  taggedResources: () => Promise.resolve([]),
};

/** Hands on a stack whose updates, and refreshes, end with what `up` does. */
function handsOf(up: () => Promise<unknown>, options: Partial<StackExecutorOptions> = {}) {
  const said: string[] = [];
  const asked: unknown[] = [];
  const envVars: Record<string, string> = {};
  const update = () => {
    asked.push(envVars[WANTED_ZONES]);
    return up();
  };
  const hands = new StackExecutor({
    stack: { workspace: { envVars }, up: update, refresh: update } as unknown as Stack,
    cloud: () => CLOUD,
    look: () => Promise.reject(new Error("nobody looks here")),
    inService: () => Promise.reject(new Error("nobody counts here")),
    exported: () => Promise.resolve({}),
    releaseDeadLock: () => Promise.resolve(),
    refusals: () => Promise.resolve([]),
    onEvent: () => undefined,
    onChanged: () => undefined,
    say: (line) => said.push(line),
    ...options,
  });
  return { hands, said, asked, envVars };
}

const done = () => Promise.resolve({});
const fails = (error: Error) => () => Promise.reject(error);

test("a change hands its number over to one update alone", async () => {
  const { hands, asked, envVars } = handsOf(done);
  expect(await hands.change(3, NEVER)).toEqual({ kind: "done" });
  expect([asked, envVars[WANTED_ZONES]]).toEqual([["3"], ""]);
});

test("an update that finds another one under way has to wait", async () => {
  const { hands } = handsOf(fails(failure(ConcurrentUpdateError, "the stack is locked")));
  expect(await hands.change(3, NEVER)).toEqual({ kind: "locked" });
  expect(await hands.repair(NEVER)).toEqual({ kind: "locked" });
});

test("a mending that was called off is no failure", async () => {
  const atOnce = new AbortController();
  const { hands } = handsOf(() => {
    atOnce.abort();
    return Promise.reject(failure(CommandError, "error: update cancelled"));
  });
  expect(await hands.repair(atOnce.signal)).toEqual({ kind: "interrupted" });
  expect(await handsOf(done).hands.repair(atOnce.signal)).toEqual({ kind: "interrupted" });
});

describe("an update that the guard refuses is not made", () => {
  test("and says what callers would lose", async () => {
    const wanted: (string | undefined)[] = [];
    const { hands, asked, envVars } = handsOf(done, {
      refusals: ({ workspace }) => {
        wanted.push(workspace.envVars[WANTED_ZONES]);
        return Promise.resolve(["controller: server replaced: not now", "zone1: not at all"]);
      },
    });
    expect(await hands.change(3, NEVER)).toEqual({
      ...{ kind: "refused", why: "controller: server replaced: not now; zone1: not at all" },
    });
    expect([wanted, asked, envVars[WANTED_ZONES]]).toEqual([["3"], [], ""]);
  });

  test("and fails where there is no preview", async () => {
    const why = "there is no plan, the preview failed: pbx:max is no key";
    const { hands, asked } = handsOf(done, { refusals: fails(new OperatorError(why)) });
    expect([await hands.change(3, NEVER), asked]).toEqual([{ kind: "failed", why }, []]);
  });
});

test("any other failure has the last words of Pulumi", async () => {
  const { hands } = handsOf(fails(failure(CommandError, "code: 255\nerror: no host has room\n")));
  expect(await hands.change(3, NEVER)).toEqual({ kind: "failed", why: "no host has room" });
});

describe("a state", () => {
  const state = (fields: object) => ({ exported: () => Promise.resolve(fields) });
  const unread = { exported: () => Promise.reject(new OperatorError("pulumi: no such host")) };

  test("with pending operations is broken", async () => {
    expect(await handsOf(done, state({})).hands.hasPendingOperations()).toBe(false);
    const pending = state({ pending_operations: [{}] });
    expect(await handsOf(done, pending).hands.hasPendingOperations()).toBe(true);
  });

  test("that cannot be read is a fault, and cannot be mended", async () => {
    await expect(handsOf(done, unread).hands.hasPendingOperations()).rejects.toThrow(OperatorError);
    expect(await handsOf(done, unread).hands.repair(NEVER)).toEqual({
      ...{ kind: "failed", why: "pulumi: no such host" },
    });
  });
});

describe("a cloud that does not answer", () => {
  const cloud = (): CloudApi => {
    throw new OperatorError("the cloud does not answer");
  };

  test("has unknown quotas", async () => {
    const { hands, said } = handsOf(done, { cloud });
    expect(await hands.headroom()).toBeNull();
    expect(said).toEqual(["quotas are unknown: the cloud does not answer"]);
  });

  test("cannot be mended", async () => {
    expect(await handsOf(done, { cloud }).hands.repair(NEVER)).toEqual({
      ...{ kind: "failed", why: "the cloud does not answer" },
    });
  });
});
