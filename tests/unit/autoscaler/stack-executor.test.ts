import { CommandError, ConcurrentUpdateError, type Stack } from "@pulumi/pulumi/automation";
import { StackExecutor, type StackExecutorOptions } from "../../../autoscaler/stack-executor";
import type { CloudApi } from "../../../clouds/cloud-api";
import { WANTED_ZONES } from "../../../config/wanted-zones";
import { OperatorError } from "../../../core/errors";

const failure = (of: { prototype: object }, message: string): Error =>
  Object.assign(Object.create(of.prototype) as Error, { message });

const NEVER = new AbortController().signal;
const CLOUD: CloudApi = {
  headroom: () => Promise.resolve(null),
  taggedResources: () => Promise.resolve([]),
};

/** Creates an executor for a stack whose updates and refreshes call `up`. */
function executorOf(up: () => Promise<unknown>, options: Partial<StackExecutorOptions> = {}) {
  const said: string[] = [];
  const asked: unknown[] = [];
  const envVars: Record<string, string> = {};
  const update = () => {
    asked.push(envVars[WANTED_ZONES]);
    return up();
  };
  const executor = new StackExecutor({
    stack: { workspace: { envVars }, up: update, refresh: update } as unknown as Stack,
    cloud: () => CLOUD,
    observe: () => Promise.reject(new Error("observe is not used in these tests")),
    inService: () => Promise.reject(new Error("inService is not used in these tests")),
    exported: () => Promise.resolve({}),
    releaseDeadLock: () => Promise.resolve(),
    refusals: () => Promise.resolve([]),
    onEvent: () => undefined,
    onChanged: () => undefined,
    say: (line) => said.push(line),
    ...options,
  });
  return { executor, said, asked, envVars };
}

const done = () => Promise.resolve({});
const fails = (error: Error) => () => Promise.reject(error);

test("a change sets the number of zones for one update only", async () => {
  const { executor, asked, envVars } = executorOf(done);
  expect(await executor.change(3, NEVER)).toEqual({ kind: "done" });
  expect([asked, envVars[WANTED_ZONES]]).toEqual([["3"], ""]);
});

test('a change and a repair end with "locked" if another update is running', async () => {
  const { executor } = executorOf(fails(failure(ConcurrentUpdateError, "the stack is locked")));
  expect(await executor.change(3, NEVER)).toEqual({ kind: "locked" });
  expect(await executor.repair(NEVER)).toEqual({ kind: "locked" });
});

test('an aborted repair ends with "interrupted", not with "failed"', async () => {
  const atOnce = new AbortController();
  const { executor } = executorOf(() => {
    atOnce.abort();
    return Promise.reject(failure(CommandError, "error: update cancelled"));
  });
  expect(await executor.repair(atOnce.signal)).toEqual({ kind: "interrupted" });
  expect(await executorOf(done).executor.repair(atOnce.signal)).toEqual({ kind: "interrupted" });
});

describe("the guard", () => {
  test("prevents an update that it refuses, and gives the reasons", async () => {
    const wanted: (string | undefined)[] = [];
    const { executor, asked, envVars } = executorOf(done, {
      refusals: ({ workspace }) => {
        wanted.push(workspace.envVars[WANTED_ZONES]);
        return Promise.resolve(["controller: server replaced: not now", "zone1: not at all"]);
      },
    });
    expect(await executor.change(3, NEVER)).toEqual({
      kind: "refused",
      why: "controller: server replaced: not now; zone1: not at all",
    });
    expect([wanted, asked, envVars[WANTED_ZONES]]).toEqual([["3"], [], ""]);
  });

  test("makes a change fail if its preview fails", async () => {
    const why = "no plan, because the preview failed: pbx:max is no key";
    const { executor, asked } = executorOf(done, { refusals: fails(new OperatorError(why)) });
    expect([await executor.change(3, NEVER), asked]).toEqual([{ kind: "failed", why }, []]);
  });
});

test("a failed update is reported with the error that the pulumi command prints", async () => {
  const { executor } = executorOf(
    fails(failure(CommandError, "code: 255\nerror: no host has room\n")),
  );
  expect(await executor.change(3, NEVER)).toEqual({ kind: "failed", why: "no host has room" });
});

describe("a stack's state", () => {
  const state = (fields: object) => ({ exported: () => Promise.resolve(fields) });
  const unread = { exported: () => Promise.reject(new OperatorError("pulumi: no such host")) };

  test("with pending operations is recognized", async () => {
    expect(await executorOf(done, state({})).executor.hasPendingOperations()).toBe(false);
    const pending = state({ pending_operations: [{}] });
    expect(await executorOf(done, pending).executor.hasPendingOperations()).toBe(true);
  });

  test("that cannot be read is an error and makes a repair fail", async () => {
    await expect(executorOf(done, unread).executor.hasPendingOperations()).rejects.toThrow(
      OperatorError,
    );
    expect(await executorOf(done, unread).executor.repair(NEVER)).toEqual({
      kind: "failed",
      why: "pulumi: no such host",
    });
  });
});

describe("a cloud that does not answer", () => {
  const cloud = (): CloudApi => {
    throw new OperatorError("the cloud does not answer");
  };

  test("has no known quota, and the reason is printed", async () => {
    const { executor, said } = executorOf(done, { cloud });
    expect(await executor.headroom()).toBeNull();
    expect(said).toEqual(["quotas are unknown: the cloud does not answer"]);
  });

  test("makes a repair fail", async () => {
    expect(await executorOf(done, { cloud }).executor.repair(NEVER)).toEqual({
      kind: "failed",
      why: "the cloud does not answer",
    });
  });
});
