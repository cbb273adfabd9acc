import type { EngineEvent } from "@pulumi/pulumi/automation";
import { integer, noBias, sample } from "fast-check";
import { WANTED_ZONES } from "../../config/wanted-zones";
import type { Call } from "../../phones/call";
import { connect } from "../../phones/connect";
import { Phone, type SipAccount } from "../../phones/phone";
import { sleep } from "../../phones/within";
import { releaseDeadLock } from "../../stack/lock";
import { undisturbed, CallMonitor } from "../calls/support/call-monitor";
import { eventually } from "../calls/support/eventually";
import { SippLoad } from "../support/sipp";
import { AutoscalerProcess, cloneAutoscaler } from "./autoscaler-process";
import { type Deployment, newDeployment } from "./deployment";
import { inventory } from "./inventory";

const MINUTE = 60_000;
jest.setTimeout(10 * MINUTE);

/** Policy of the autoscaler. A zone takes four calls. With two spare calls, three calls need a second zone. */
const POLICY = {
  min: 1,
  max: 3,
  callsPerZone: 4,
  spareCalls: 2,
  margin: 0.1,
  interval: "5s",
  window: "10s",
  scaleInAfter: "30s",
  cooldownOut: 0,
  cooldownIn: 0,
};
const INTERVAL_SECONDS = 5;

/** Timeout for a SIPp call to reach a phone, in milliseconds. */
const CALL_DEADLINE = 30_000;

/** Number of times that the autoscaler is killed. */
const KILLS = Number(process.env.KILLS ?? 3);
const SEED = Number(process.env.SEED ?? Date.now() % 2 ** 31);
/**
 * Moments of the kills, in percent of the duration of a scale-out. The duration is divided into as many equal parts as
 * there are kills, and each part has one random moment.
 */
const MOMENTS = sample(noBias(integer({ min: 6, max: 94 })), { seed: SEED, numRuns: KILLS }).map(
  (percent, part) => Math.round((100 * part + percent) / KILLS),
);

/** Clock that measures the seconds from the creation of a zone's port until the zone is in the rotation. */
class BootClock {
  private start = 0;
  seconds = 0;

  constructor(private readonly zone: string) {}

  readonly onEvent = ({ resourcePreEvent, resOutputsEvent }: EngineEvent): void => {
    const is = (urn: string | undefined, type: string): boolean =>
      urn?.endsWith(`:${type}::${this.zone}`) === true;
    if (is(resourcePreEvent?.metadata.urn, "Port")) this.start = Date.now();
    if (is(resOutputsEvent?.metadata.urn, "ZoneMembership")) {
      this.seconds = (Date.now() - this.start) / 1000;
    }
  };
}

describe("an exchange with an autoscaler", () => {
  let before: string[];
  let deployment: Deployment;
  let last: AutoscalerProcess | undefined;
  const boot = new BootClock("zone1");
  const phones = new Set<Phone>();
  /** Monitor of a call that stays up from the first to the last test. */
  let monitor: CallMonitor;
  /** Calls from SIPp, each from the point of view of the phone that answers it. */
  const load: Call[] = [];
  let sipp: SippLoad | undefined;

  beforeAll(async () => {
    console.log(
      `seed ${String(SEED)}: with SEED=${String(SEED)}, a run has the same moments of the kills`,
    );
    deployment = await newDeployment({
      zones: "1",
      autoscale: JSON.stringify(POLICY),
      users: JSON.stringify([{ range: "1001-1010" }]),
    });
    before = await inventory();
    cloneAutoscaler(deployment);
    await deployment.up(boot.onEvent);
  });

  // Stops the autoscaler that a failed test has left running.
  afterEach(async () => {
    last?.terminate();
    await last?.exit();
  });

  afterAll(async () => {
    sipp?.kill();
    await Promise.all([...phones].map((phone) => phone.close()));
    await releaseDeadLock(deployment.stack);
    await deployment.stack.destroy({ color: "never" });
    deployment.remove();
  });

  function start(...options: string[]): AutoscalerProcess {
    return (last = AutoscalerProcess.start(deployment, ...options));
  }

  const zones = async (): Promise<string[]> =>
    (await deployment.outputs()).zones.map(({ name }) => name);

  async function account(extension: string): Promise<SipAccount> {
    const { sipAccounts } = await deployment.outputs();
    const found = sipAccounts.find((user) => user.extension === extension);
    if (found === undefined) throw new Error(`user ${extension} does not exist`);
    return { ...found, transport: "tcp" };
  }

  async function plug(extension: string): Promise<Phone> {
    const phone = await Phone.start({ account: await account(extension) });
    phones.add(phone);
    return phone.registered();
  }

  /** Starts two SIPp calls to phones that answer. With the call of `monitor`, there are three calls. */
  async function beginLoad(): Promise<void> {
    const calls = await Promise.all(
      [
        ["1009", "1003"],
        ["1010", "1004"],
      ].map(async ([caller = "", callee = ""]) => ({
        caller,
        secret: (await account(caller)).secret,
        phone:
          [...phones].find((phone) => phone.account.extension === callee) ?? (await plug(callee)),
      })),
    );
    const incoming = calls.map(({ phone }) => phone.nextCall(CALL_DEADLINE));
    sipp = await SippLoad.start({
      server: calls[0]?.phone.account.server ?? "",
      calls: calls.map(({ phone, ...call }) => ({ ...call, callee: phone.account.extension })),
    });
    load.push(...(await Promise.all(incoming)));
    await Promise.all(load.map((call) => call.established));
  }

  /** Ends the SIPp calls. @throws Error if a SIPp call has ended in another way. */
  async function endLoad(): Promise<void> {
    for (const call of load.splice(0)) await call.hangUp();
    await sipp?.ended();
    sipp = undefined;
  }

  /** Returns how many resources of each kind the deployment has. */
  async function counts(): Promise<Record<string, number>> {
    const created = (await inventory()).filter((line) => !before.includes(line));
    const kinds = created.map((line) => line.split(" ")[0] ?? "");
    return Object.fromEntries(
      [...new Set(kinds)].sort().map((kind) => [kind, kinds.filter((k) => k === kind).length]),
    );
  }

  test("adds a zone before the existing zone is full, in at most 1.25 times the sum of boot time and interval", async () => {
    const autoscaler = start();
    monitor = CallMonitor.of(await connect(await plug("1001"), await plug("1002")));
    await beginLoad();
    const passed = Date.now();
    await eventually("zone2 in the rotation", 300, () =>
      Promise.resolve(autoscaler.saidAt(/zone2: in the rotation/)),
    );
    // HAProxy sends each phone to the zone with the fewest connections.
    const media = new Set<string>();
    const [caller, callee] = await Promise.all([plug("1005"), plug("1006")]);
    const [one, other] = await connect(caller, callee);
    for (const end of [one, other]) media.add(await end.mediaPeer());
    const scaleOut = (Date.now() - passed) / 1000;
    await eventually("the update's end", 120, () =>
      Promise.resolve(autoscaler.saidAt(/done: from 1 to 2 zones/)),
    );
    const { zones: inService } = await deployment.outputs();
    expect(inService.map(({ name }) => name)).toEqual(["zone1", "zone2"]);
    expect(media).toContain(inService[1]?.address);
    await one.hangUp();

    autoscaler.terminate();
    expect(await autoscaler.exit()).toBe(0);

    const ratio = scaleOut / (boot.seconds + INTERVAL_SECONDS);
    console.log(
      `first call in the new zone ${scaleOut.toFixed(1)} s after the load; a zone boots in ` +
        `${boot.seconds.toFixed(1)} s: ratio ${ratio.toFixed(2)}`,
    );
    expect(ratio).toBeLessThanOrEqual(1.25);
  });

  test("keeps the added zone in an operator's update", async () => {
    const { summary } = await deployment.up();
    expect(Object.keys(summary.resourceChanges ?? {})).toEqual(["same"]);
    expect(await zones()).toEqual(["zone1", "zone2"]);
  });

  test("removes the added zone after the SIPp calls have ended, and all phones are registered afterwards", async () => {
    await endLoad();
    const autoscaler = start();
    await eventually("the removal of zone2", 500, () =>
      Promise.resolve(autoscaler.saidAt(/done: from 2 to 1 zone\b/)),
    );
    autoscaler.terminate();
    expect(await autoscaler.exit()).toBe(0);

    expect(await zones()).toEqual(["zone1"]);
    expect((await inventory()).filter((line) => line.endsWith(" zone2"))).toEqual([]);
    await Promise.all([...phones].map((phone) => phone.registered()));
  });

  describe("that is killed during a scale-out", () => {
    let one: Record<string, number>;
    let two: Record<string, number>;
    /** Duration of the last tick that scaled out without being killed, in milliseconds. */
    let scaleOut: number;

    /** Runs single ticks until one is not held by an update that the killed autoscaler has left running. */
    async function tick(): Promise<void> {
      for (;;) {
        const autoscaler = start("--once");
        expect(await autoscaler.exit()).toBe(0);
        if (autoscaler.saidAt(/held: another update/) === null) return;
        await sleep(2000);
      }
    }

    async function backToOneZone(): Promise<void> {
      const { stack } = deployment;
      stack.workspace.envVars[WANTED_ZONES] = "1";
      await deployment.up();
      stack.workspace.envVars[WANTED_ZONES] = "";
      expect(await counts()).toEqual(one);
    }

    beforeAll(async () => {
      one = await counts();
      await beginLoad();
      const begin = Date.now();
      await tick();
      scaleOut = Date.now() - begin;
      two = await counts();
      await backToOneZone();
    });

    test.each(MOMENTS.map((moment, index) => [index, moment] as const))(
      "(kill %i, at %i %% of its duration) has two zones and no leftovers after the next tick",
      async (index, moment) => {
        const isKilled = async (): Promise<boolean> => {
          const begin = Date.now();
          const autoscaler = start("--once");
          const ended = autoscaler.exit().then(() => true);
          if (!(await Promise.race([ended, sleep((moment / 100) * scaleOut)]))) {
            await autoscaler.kill({ withChildren: index % 2 === SEED % 2 });
            return true;
          }
          // The tick ended before the kill, because it was faster than the measured tick.
          scaleOut = Date.now() - begin;
          await backToOneZone();
          return false;
        };
        while (!(await isKilled()));

        await tick();
        expect(await zones()).toEqual(["zone1", "zone2"]);
        expect(await counts()).toEqual(two);
        expect(Object.keys((await deployment.up()).summary.resourceChanges ?? {})).toEqual([
          "same",
        ]);
        await backToOneZone();
      },
    );
  });

  test("has cut no call during the tests above, and all phones are registered", async () => {
    await endLoad();
    expect(await monitor.result()).toEqual(undisturbed(5_000));
    await Promise.all([...phones].map((phone) => phone.registered()));
  });

  test("leaves no resource in the cloud when it is destroyed", async () => {
    await monitor.hangUp();
    await Promise.all([...phones].map((phone) => phone.close()));
    phones.clear();
    await deployment.stack.destroy({ color: "never" });
    expect(await inventory()).toEqual(before);
  });
});
