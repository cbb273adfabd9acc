import { spawn } from "node:child_process";
import { once } from "node:events";
import { connect } from "../../phones/connect";
import { Phone } from "../../phones/phone";
import { sleep } from "../../phones/within";
import { releaseDeadLock } from "../../stack/lock";
import { undisturbed, CallMonitor } from "../calls/support/call-monitor";
import { type Deployment, newDeployment } from "./deployment";
import { inventory } from "./inventory";
import { onNode } from "./ssh";

const MINUTE = 60_000;
jest.setTimeout(6 * MINUTE);

const USERS = [{ extension: "1001", name: "Alice" }, { range: "1002-1006" }];
/** Maximum time between two registrations of a phone, in milliseconds. */
const REGISTRATION_INTERVAL = MINUTE;
/** Expected observation of a call. Allows five seconds of silence, because booting servers slow down the others. */
const UNDISTURBED = undisturbed(5_000);
/** Maximum number of registrations until a phone is in the wanted zone. */
const ATTEMPTS = 12;

// The tests change one exchange, step by step.
describe("an exchange in use", () => {
  let before: string[];
  let deployment: Deployment;
  const phones = new Set<Phone>();
  let updating: Promise<unknown> = Promise.resolve();

  beforeAll(async () => {
    deployment = await newDeployment({
      zones: "2",
      users: JSON.stringify(USERS),
      controllerFlavor: "pbx.small",
    });
    before = await inventory();
    await up();
  }, 5 * MINUTE);

  // Ends the calls of a failed test, because a drain waits for calls. Then waits for the update of the failed test.
  afterEach(async () => {
    await unplug(...phones);
    await updating.catch(() => undefined);
  });

  afterAll(async () => {
    await releaseDeadLock(deployment.stack);
    await deployment.stack.destroy({ color: "never" });
    deployment.remove();
  }, 5 * MINUTE);

  /** Sets `config` (keys without `pbx:`) and runs an update. Returns the number of resources by operation. */
  async function up(
    config: Readonly<Record<string, string>> = {},
  ): Promise<Record<string, number>> {
    for (const [key, value] of Object.entries(config)) {
      await deployment.stack.setConfig(`pbx:${key}`, { value });
    }
    const update = (updating = deployment.up());
    const { summary } = await update;
    return summary.resourceChanges ?? {};
  }

  async function plug(extension: string): Promise<Phone> {
    const account = (await deployment.outputs()).sipAccounts.find(
      (user) => user.extension === extension,
    );
    if (account === undefined) throw new Error(`user ${extension} does not exist`);
    const phone = await Phone.start({ account: { ...account, transport: "tcp" } });
    phones.add(phone);
    return phone.registered();
  }

  async function unplug(...unplugged: readonly Phone[]): Promise<void> {
    for (const phone of unplugged) phones.delete(phone);
    await Promise.all(unplugged.map((phone) => phone.close()));
  }

  async function registeredIn(zone: string): Promise<string[]> {
    const fixedIp = (await deployment.outputs()).zones.find(({ name }) => name === zone)?.fixedIp;
    const contacts = await onNode(
      await deployment.access(),
      "asterisk -rx 'database show registrar'",
      fixedIp,
    );
    return Array.from(contacts.matchAll(/registrar\/contact\/(\d+);@/g), ([, user = ""]) => user);
  }

  /** Starts a phone that is registered in `zone`. Makes up to `ATTEMPTS` attempts, because HAProxy selects the zone. */
  async function plugInto(zone: string, extension: string): Promise<Phone> {
    for (let attempt = 1; ; attempt++) {
      const phone = await plug(extension);
      if ((await registeredIn(zone)).includes(extension)) return phone;
      await unplug(phone);
      if (attempt === ATTEMPTS) throw new Error(`${extension} did not register in ${zone}`);
    }
  }

  test(
    "keeps a call up while users, the balance algorithm and the number of zones change",
    async () => {
      const alice = await plugInto("zone1", "1001");
      const bob = await plugInto("zone2", "1002");
      const monitor = CallMonitor.of(await connect(alice, bob));

      await up({ users: JSON.stringify([...USERS, { extension: "1007" }]) });
      const grace = await plug("1007");
      await up({ users: JSON.stringify(USERS) });
      await expect(alice.registered()).resolves.toBe(alice);
      expect([...(await registeredIn("zone1")), ...(await registeredIn("zone2"))]).not.toContain(
        "1007",
      );
      await unplug(grace);
      await up({ balance: "roundrobin" });
      await up({ zones: "3" });
      await up({ zones: "2" });

      expect((await deployment.outputs()).zones.map(({ name }) => name)).toEqual([
        "zone1",
        "zone2",
      ]);
      expect(await monitor.result()).toEqual(UNDISTURBED);
      await monitor.hangUp();
      await unplug(alice, bob);
    },
    10 * MINUTE,
  );

  test("is not changed by an update without a change of the configuration", async () => {
    expect(Object.keys(await up())).toEqual(["same"]);
  });

  test(
    "keeps a drained zone until its call ends, while a phone without a call moves to another zone",
    async () => {
      await up({ zones: "3" });
      const carol = await plugInto("zone1", "1003");
      const dave = await plugInto("zone3", "1004");
      const idle = await plugInto("zone3", "1005");
      const monitor = CallMonitor.of(await connect(carol, dave));

      let isOver = false;
      const leaving = up({ zones: "2" }).then(() => (isOver = true));
      await idle.nextRegistration(2 * REGISTRATION_INTERVAL);
      // The drain closes the connection of the idle phone, and the phone registers in another zone.
      await idle.registered();
      const frank = await plug("1006");
      const [call] = await connect(frank, idle);
      await call.hangUp();
      expect(isOver).toBe(false);
      expect((await inventory()).filter((line) => line.endsWith(" zone3"))).not.toEqual([]);
      expect(await monitor.result()).toEqual(UNDISTURBED);

      await monitor.hangUp();
      await leaving;
      expect((await inventory()).filter((line) => line.endsWith(" zone3"))).toEqual([]);
      await unplug(carol, dave, idle, frank);
    },
    8 * MINUTE,
  );

  test("has the changes of a killed update after the next update", async () => {
    const users = JSON.stringify([...USERS, { extension: "1008" }]);
    await deployment.stack.setConfig("pbx:users", { value: users });
    const { stack, directory } = deployment;
    const killed = spawn(
      "pulumi",
      ["up", "--yes", "--skip-preview", "--stack", "test", "--cwd", directory],
      {
        env: { ...process.env, ...stack.workspace.envVars },
      },
    );
    const ended = once(killed, "exit");
    const begun = new Promise<void>((resolve) => {
      killed.stdout.on("data", (text: Buffer) => {
        if (/NodeConfig zone\d updating/.test(text.toString())) resolve();
      });
    });
    await Promise.race([begun, ended]);
    expect(killed.kill("SIGKILL")).toBe(true);
    await ended;

    await releaseDeadLock(stack);
    await up();
    await unplug(await plug("1008"));
    expect(Object.keys(await up())).toEqual(["same"]);
    await up({ users: JSON.stringify(USERS) });
    await expect(plug("1008")).rejects.toThrow();
  });

  test("is restored by the next update if a refresh finds a file that was edited by hand", async () => {
    const access = await deployment.access();
    const edit =
      "echo 'maxcalls=1' >>/etc/asterisk/asterisk.conf && cat /etc/asterisk/asterisk.conf";
    expect(await onNode(access, edit, "192.168.0.2")).toContain("maxcalls=1");

    await deployment.stack.refresh({ color: "never" });
    const { changeSummary } = await deployment.stack.preview({ color: "never" });
    expect(changeSummary).toMatchObject({ update: 1 });
    await up();

    const restored = await onNode(access, "cat /etc/asterisk/asterisk.conf", "192.168.0.2");
    expect(restored).not.toContain("maxcalls");
    expect(Object.keys(await up())).toEqual(["same"]);
  });

  test(
    "keeps the media of calls when the controller is replaced, and then accepts phones and their calls",
    async () => {
      const alice = await plugInto("zone1", "1001");
      const bob = await plugInto("zone2", "1002");
      const monitor = CallMonitor.of(await connect(alice, bob));

      await up({ controllerFlavor: "pbx.medium" });
      expect(await monitor.result()).toEqual(UNDISTURBED);

      // Hang up in Asterisk, because the phones have lost their SIP connections. Otherwise, Asterisk would end the
      // calls only after five minutes of silence.
      const access = await deployment.access();
      for (const { fixedIp } of (await deployment.outputs()).zones) {
        await onNode(access, "asterisk -rx 'channel request hangup all'", fixedIp);
      }
      await unplug(alice, bob);
      const [again, other] = [await plug("1001"), await plug("1002")];
      const [call] = await connect(again, other);
      await call.hangUp();
      await unplug(again, other);
    },
    8 * MINUTE,
  );

  test(
    "lets phones register in one zone while the other zone is replaced, if the flavor changes",
    async () => {
      const [alice, bob] = [await plug("1001"), await plug("1002")];
      const progress = { isOver: false };
      const rolling = up({ flavor: "pbx.medium" }).finally(() => {
        progress.isOver = true;
      });
      rolling.catch(() => undefined); // `await rolling` below reports the error.
      let registered = 0;
      while (!progress.isOver) {
        // Each registration is from a new phone.
        const phone = await plug("1003");
        registered += 1;
        await unplug(phone);
        await sleep(1000);
      }
      await rolling;

      expect(registered).toBeGreaterThan(10);
      await Promise.all([alice, bob].map((phone) => phone.registered()));
      const [call] = await connect(alice, bob);
      await call.hangUp();
      expect(Object.keys(await up())).toEqual(["same"]);
    },
    10 * MINUTE,
  );

  test("leaves no resource in the cloud when it is destroyed", async () => {
    await deployment.stack.destroy({ color: "never" });
    expect(await inventory()).toEqual(before);
  });
});
