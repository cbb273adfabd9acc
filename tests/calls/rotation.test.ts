import { zoneHost } from "../../components/zone-host";
import { activityOf, trunkPeersOf } from "../../nodes/asterisk/activity";
import { waitForAsterisk } from "../../nodes/asterisk/console";
import { serversOf } from "../../nodes/haproxy/change";
import { Haproxy, type HaproxyServer } from "../../nodes/haproxy/runtime";
import { type Drained, type DrainOptions, drainZone } from "../../nodes/rotation/drain";
import { sleep } from "../../phones/within";
import { Connections, TIMEOUTS } from "../../ssh/connections";
import type { Session } from "../../ssh/session";
import { undisturbed, CallMonitor } from "./support/call-monitor";
import { dialFrom } from "./support/dial";
import { eventually } from "./support/eventually";
import {
  CHAN_SIP_16,
  Exchange,
  IMAGES_DEADLINE,
  PJSIP_22,
  TEST_DEADLINE,
} from "./support/exchange";
import { OPERATOR } from "./support/network";

jest.setTimeout(2 * TEST_DEADLINE);

const HAPROXY_CFG = "/etc/haproxy/haproxy.cfg";
const DRAIN_LOG = "/var/log/trunkline/drain.log";
/** Deadline for HAProxy to notice a change of a server, in seconds. HAProxy checks every two seconds. */
const CHECKED = 10;
const SOON = 10;

describe("the rotation", () => {
  let exchange: Exchange;
  let connections: Connections;
  let haproxy: Haproxy;
  let messages: string[];
  let warnings: string[];

  beforeAll(async () => {
    exchange = await Exchange.start({ zones: [PJSIP_22, CHAN_SIP_16] });
    connections = new Connections(dialFrom(exchange.network.namespace(OPERATOR)));
    haproxy = new Haproxy(await controller());
  }, IMAGES_DEADLINE);
  beforeEach(() => {
    [messages, warnings] = [[], []];
  });
  afterEach(async () => {
    await exchange.closePhones();
    for (const name of ["zone1", "zone2"]) await haproxy.setState(name, "ready");
    await exchange.serving();
  });
  afterAll(async () => {
    connections.close();
    await exchange.close();
  });

  const controller = (): Promise<Session> => connections.controller(exchange.access, TIMEOUTS.read);

  function zone(name: string, timeout: number = TIMEOUTS.read): Promise<Session> {
    const plan = exchange.plan.zones.find((candidate) => candidate.name === name);
    if (plan === undefined) throw new Error(`the plan has no ${name}`);
    return connections.zone(exchange.access, zoneHost(plan), timeout);
  }

  const drain = (name: string, options: Partial<DrainOptions> = {}): Promise<Drained> =>
    drainZone({
      controller,
      zone: () => zone(name),
      name,
      policy: { timeout: 90, force: false },
      last: "refuse",
      say: (line) => messages.push(line),
      warn: (line) => warnings.push(line),
      ...options,
    });

  const serverOf = async (name: string): Promise<HaproxyServer | undefined> =>
    (await haproxy.servers()).find((server) => server.name === name);

  const becomes = (name: string, expected: Partial<HaproxyServer>): Promise<boolean> =>
    eventually(`${name} ${JSON.stringify(expected)}`, CHECKED, async () => {
      expect(await serverOf(name)).toMatchObject(expected);
      return true;
    });

  const killHaproxy = async (): Promise<void> => {
    await exchange.controller.inside(["pkill", "-KILL", "haproxy"]);
    // The test starts HAProxy in place of systemd. Before that, the old processes must end.
    await sleep(500);
    exchange.controller.startDaemon();
    await eventually("HAProxy again", SOON, () => haproxy.servers());
  };

  describe.each([
    ["zone1", "zone2", "pjsip"],
    ["zone2", "zone1", "chan_sip"],
  ])("during a drain of %s,", (leaving, staying) => {
    test("releases the zone only after its calls have ended undisturbed, while idle phones move", async () => {
      const alice = await exchange.phoneIn(leaving, "1001");
      const bob = await exchange.phoneIn(leaving, "1002");
      const carol = await exchange.phoneIn(leaving, "1003", { expires: 30 });
      const dave = await exchange.phoneIn(staying, "1004");
      const monitor = await CallMonitor.between(exchange, alice, bob);

      // The connections of these phones stay with the HAProxy worker from before the reload.
      await haproxy.reload();
      let isDrained = false;
      const drained = drain(leaving).finally(() => (isDrained = true));
      await eventually(`${carol.account.extension} moved`, 40, async () => {
        expect(await exchange.zonesOf("1003")).toContain(staying);
        return true;
      });
      await haproxy.reload();

      const [call] = await exchange.connect(dave, carol);
      await exchange.hear(dave, carol);
      await call.hangUp();
      expect([isDrained, (await serverOf(leaving))?.state]).toEqual([false, "drain"]);
      expect(await activityOf(await zone(leaving))).toMatchObject({
        calls: 1,
        busy: new Set(["1001", "1002"]),
      });
      expect(await monitor.result()).toEqual(undisturbed());

      await monitor.hangUp();
      expect(await drained).toEqual({ callsCut: 0 });
      expect(await haproxy.sessions(leaving)).toBe(0);
      expect(messages).toContain(`${leaving}: 1 call left, 2 phones registered`);
      expect(messages.at(-1)).toMatch(`${leaving}: no calls left`);
      expect(warnings).toEqual([]);
    });

    test("keeps the zone if its calls outlast the drain timeout", async () => {
      const alice = await exchange.phoneIn(leaving, "1001");
      const bob = await exchange.phoneIn(leaving, "1002");
      const monitor = await CallMonitor.between(exchange, alice, bob);

      await expect(drain(leaving, { policy: { timeout: 2, force: false } })).rejects.toThrow(
        `${leaving}: 1 call still going after 2 s; the zone stays in service`,
      );

      expect((await serverOf(leaving))?.state).toBe("ready");
      expect(await monitor.result()).toEqual(undisturbed());
      await monitor.hangUp();
    });

    test("cuts the calls of the zone if the policy says so, and records the number of cut calls", async () => {
      const alice = await exchange.phoneIn(leaving, "1001");
      const bob = await exchange.phoneIn(leaving, "1002");
      const [call] = await exchange.connect(alice, bob);

      expect(await drain(leaving, { policy: { timeout: 1, force: true } })).toEqual({
        callsCut: 1,
      });

      await call.closed;
      expect(warnings).toHaveLength(1);
      const log = (await exchange.controller.read(DRAIN_LOG)).trim().split("\n");
      expect(JSON.parse(log.at(-1) ?? "")).toMatchObject({ zone: leaving, callsCut: 1 });
      const modes = await (await controller()).run(`stat -c %a ${DRAIN_LOG} /var/log/trunkline`);
      expect(modes).toBe("640\n750\n");
    });
  });

  test("puts a zone back in service if its drain is interrupted", async () => {
    const alice = await exchange.phoneIn("zone1", "1001");
    const bob = await exchange.phoneIn("zone1", "1002");
    const [call] = await exchange.connect(alice, bob);
    const abort = new AbortController();

    const drained = drain("zone1", { signal: abort.signal });
    drained.catch(() => undefined);
    await becomes("zone1", { state: "drain" });
    abort.abort();

    await expect(drained).rejects.toThrow("zone1: the drain was interrupted");
    expect((await serverOf("zone1"))?.state).toBe("ready");
    await call.hangUp();
  });

  test("keeps the last zone in service, unless the whole exchange is destroyed", async () => {
    await haproxy.setState("zone2", "drain");
    await exchange.registeredPhone("1001");

    await expect(drain("zone1")).rejects.toThrow("zone1: no other healthy zone is in the rotation");
    expect((await serverOf("zone1"))?.state).toBe("ready");

    expect(await drain("zone1", { last: "wait" })).toEqual({ callsCut: 0 });
    expect(await haproxy.sessions("zone1")).toBe(0);
  });

  test("releases a zone without SSH only if its calls may be cut", async () => {
    await exchange.zone("zone2").killSsh();
    const unseen = (force: boolean): Promise<Drained> =>
      drain("zone2", { zone: () => zone("zone2", 0), policy: { timeout: 60, force } });
    try {
      await expect(unseen(false)).rejects.toThrow(/^zone2: its calls cannot be checked/);
      expect((await serverOf("zone2"))?.state).toBe("ready");

      expect(await unseen(true)).toEqual({ callsCut: null });
    } finally {
      exchange.zone("zone2").startSsh();
    }
  });

  test("releases a zone that is down, without a check of its calls, if it has had no connection since HAProxy started", async () => {
    await exchange.zone("zone2").kill();
    await killHaproxy();
    await becomes("zone2", { state: "ready", healthy: false });
    await exchange.noticedAsDown("zone2");
    try {
      expect(await drain("zone2", { zone: () => zone("zone2", 0) })).toEqual({ callsCut: 0 });
      expect(messages).toEqual(["zone2: no phone is connected, so there is nothing to wait for"]);
    } finally {
      await exchange.zone("zone2").boot();
    }
    // The zone stays drained, even after its server has booted.
    await becomes("zone2", { state: "drain", healthy: true });
    expect(
      await drain("zone2", { zone: () => Promise.reject(new Error("must not be called")) }),
    ).toEqual({ callsCut: 0 });
  });

  test("keeps a zone drained after HAProxy was killed and started again", async () => {
    await haproxy.setState("zone1", "drain");
    await killHaproxy();
    expect((await serverOf("zone1"))?.state).toBe("drain");
  });

  test("reports an error if HAProxy does not run", async () => {
    await exchange.controller.stopDaemon();
    try {
      await expect(haproxy.servers()).rejects.toThrow(/^controller: HAProxy does not answer; /);
    } finally {
      exchange.controller.startDaemon();
      await eventually("HAProxy again", SOON, () => haproxy.servers());
    }
  });

  test("continues with the old configuration if HAProxy refuses the new one", async () => {
    const session = await controller();
    await session.run(`cp -p ${HAPROXY_CFG} /run/cfg && echo nonsense >>${HAPROXY_CFG}`);
    try {
      await expect(haproxy.reload()).rejects.toThrow(
        /^controller: HAProxy refuses the command: .*unknown keyword 'nonsense'/,
      );
      expect(await exchange.options()).toBe(200);
    } finally {
      await session.run(`mv /run/cfg ${HAPROXY_CFG}`);
    }
    await haproxy.reload();
  });

  test.each(["roundrobin", "leastconn", "source"])(
    "adds and removes zones of a running HAProxy with balance %s",
    async (balance) => {
      const session = await controller();
      await session.run(`sed -i 's/balance .*/balance ${balance}/' ${HAPROXY_CFG}`);
      await haproxy.reload();
      const cfg = await exchange.controller.read(HAPROXY_CFG);
      expect(await haproxy.runningConfig()).toContain(`balance ${balance}`);
      const [first] = serversOf(cfg);
      if (first === undefined) throw new Error("haproxy.cfg has no server");
      const joining = { ...first, name: "zone9" };

      await haproxy.add([joining]);
      await becomes("zone9", { state: "drain", healthy: true });
      await haproxy.setState("zone9", "ready");
      await haproxy.add([joining]);
      expect((await serverOf("zone9"))?.state).toBe("ready");
      expect(serversOf(await haproxy.runningConfig()).map(({ name }) => name)).toEqual([
        "zone1",
        "zone2",
        "zone9",
      ]);

      await haproxy.setState("zone9", "drain");
      // zone9 was added at run time; zone2 comes from the file.
      await haproxy.remove(["zone9", "zone2"]);
      await haproxy.remove(["zone9", "zone2"]);
      expect((await haproxy.servers()).map(({ name }) => name)).toEqual(["zone1"]);
      expect(await exchange.options()).toBe(200);
      await haproxy.add(serversOf(cfg));
      await becomes("zone2", { state: "drain", healthy: true });
    },
  );

  test("has zones that have booted and reach each other on the trunk", async () => {
    for (const [name, other] of [
      ["zone1", "zone2"],
      ["zone2", "zone1"],
    ] as const) {
      await waitForAsterisk(await zone(name), 10);
      expect(await trunkPeersOf(await zone(name))).toMatchObject([{ name: other, ok: true }]);
    }
  });
});
