import { NodeError } from "../../../../core/errors";
import { type Drained, drainZone } from "../../../../nodes/rotation/drain";
import type { DrainPolicy } from "../../../../nodes/rotation/drain-decision";
import { FakeExchange } from "../../../support/fake-exchange";

// Waits return immediately in these tests and advance the fake clock.
jest.mock("node:timers/promises", () => ({
  setTimeout: (milliseconds: number) => {
    jest.advanceTimersByTime(milliseconds);
    return Promise.resolve();
  },
}));

const access = { privateKey: "", controllerAddress: "198.51.100.10", controllerHostKey: "" };

let exchange: FakeExchange;
let warnings: string[];
/** Scripts that ran in the zone. */
let scripts: string[];
/** `record-drain` commands that ran on the controller. */
let records: string[];

beforeEach(() => {
  jest.useFakeTimers({
    doNotFake: ["nextTick", "queueMicrotask", "setImmediate", "setInterval", "setTimeout"],
  });
  exchange = new FakeExchange(["zone1", "zone2"]);
  [warnings, scripts, records] = [[], [], []];
  exchange.onZoneCommand = (script) => scripts.push(script);
  exchange.onControllerCommand = (command) => {
    if (command === "record-drain") records.push(command);
  };
});
afterEach(() => jest.useRealTimers());

const drain = (policy: DrainPolicy, signal?: AbortSignal): Promise<Drained> =>
  drainZone({
    controller: () => exchange.controller(),
    zone: () => exchange.zone(access, { name: "zone2", fixedIp: "192.168.0.3", sshHostKey: "" }),
    name: "zone2",
    policy,
    last: "refuse",
    say: () => undefined,
    warn: (line) => warnings.push(line),
    ...(signal === undefined ? {} : { signal }),
  });

test("a drain disconnects no phone that begins a call during an SSH outage", async () => {
  exchange.registrar.set(
    "zone2",
    '/registrar/contact/1001;@0: {"uri":"sip:1001@192.168.0.254:40001"}',
  );
  let looksInCall = 0;
  exchange.onZoneCommand = (script) => {
    scripts.push(script);
    if (scripts.length > 1) return;
    // The phone begins a call while the SSH connection is reopened.
    exchange.inCall.add("zone2");
    exchange.busy.set("zone2", ["1001"]);
    throw new NodeError("zone2", "the SSH connection was lost");
  };
  exchange.onControllerCommand = (command) => {
    if (command !== "servers" || !exchange.inCall.has("zone2")) return;
    if (++looksInCall < 5) return;
    expect(scripts).toHaveLength(1);
    exchange.inCall.clear();
    exchange.busy.clear();
  };

  expect(await drain({ timeout: 3600, force: false })).toEqual({ callsCut: 0 });
  expect(scripts.map((script) => script === "disconnect 5060 40001")).toEqual([true, true, false]);
});

test("a drain records a cut only once if the call cannot be ended, and then ends", async () => {
  exchange.inCall.add("zone2");

  expect(await drain({ timeout: 10, force: true })).toEqual({ callsCut: 1 });
  expect(records).toHaveLength(1);
  expect(warnings).toEqual([
    "zone2: 1 call cut, still going after 10 s (pbx:drainForce); " +
      "recorded in /var/log/trunkline/drain.log on the controller",
    "zone2 is removed with a call that its Asterisk does not end (pbx:drainForce)",
  ]);
});

test("a call that begins after a cut is also cut and recorded", async () => {
  exchange.inCall.add("zone2");
  let hasCalledAgain = false;
  exchange.onHangUp = (zone) => {
    exchange.inCall.delete(zone);
    exchange.onControllerCommand = (command) => {
      if (command === "record-drain") records.push(command);
      if (!hasCalledAgain && command === "servers") {
        exchange.inCall.add(zone);
        hasCalledAgain = true;
      }
    };
  };

  expect(await drain({ timeout: 10, force: true })).toEqual({ callsCut: 2 });
  expect(records).toHaveLength(2);
  expect(warnings).toEqual([
    expect.stringMatching(/^zone2: 1 call cut, still going after 10 s \(pbx:drainForce\); /),
    expect.stringMatching(/^zone2: 1 call cut, begun after the first cut \(pbx:drainForce\); /),
  ]);
});

test("an interrupted drain keeps an unreachable zone in service, even with force", async () => {
  exchange.unreachable.add("zone2");
  exchange.used.add("zone2");
  await expect(drain({ timeout: 10, force: true }, AbortSignal.abort())).rejects.toThrow(
    "zone2: the drain was interrupted; the zone stays in service",
  );
  expect(records).toEqual([]);
  expect(exchange.rotation).toEqual(["zone1", "zone2"]);
});

test("a drain checks the calls of a zone that is recorded as unused but was put into the rotation", async () => {
  exchange.unused.add("zone2");
  exchange.inCall.add("zone2");
  let isKilled = false;
  exchange.onControllerCommand = (command) => {
    if (isKilled) throw new Error("killed");
    isKilled = command === "set-state zone2 drain";
  };
  await expect(drain({ timeout: 10, force: false })).rejects.toThrow("killed");

  exchange.onControllerCommand = () => undefined;
  await expect(drain({ timeout: 10, force: false })).rejects.toThrow("zone2: 1 call still going");
});
