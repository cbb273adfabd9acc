import { join } from "node:path";
import type { Phone } from "../../phones/phone";
import { TIMEOUTS } from "../../ssh/connections";
import { undisturbed, CallMonitor } from "./support/call-monitor";
import { eventually } from "./support/eventually";
import {
  type Configuration,
  Exchange,
  IMAGES_DEADLINE,
  KINDS,
  TEST_DEADLINE,
  USERS,
} from "./support/exchange";
import type { TestServer } from "./support/server";
import { Stack, type ChangeFiles } from "./support/stack";

jest.setTimeout(2 * TEST_DEADLINE);

const ASTERISK = "/etc/asterisk";
/** Deadline for the effect of a step, such as a daemon that serves again, in seconds. */
const SOON = 15;

const PYTHON = "/usr/bin/python3";

/**
 * Makes a node run a changed copy of the Python program that the provider sends (`ssh/agent.py`). The sed `expression`
 * makes the changes. The returned function restores the node's Python.
 */
async function sabotage(server: TestServer, expression: string): Promise<() => Promise<void>> {
  const changed = `printf '%s\\n' "$4" | sed '${expression}'`;
  const script = `#!/bin/sh\nexec ${PYTHON}.real -I -S -c "$(${changed})"\n`;
  const install = 'mv "$0" "$0.real"; printf %s "$1" >"$0"; chmod +x "$0"';
  await server.inside(["sh", "-ec", install, PYTHON, script]);
  return async () => {
    await server.inside(["mv", `${PYTHON}.real`, PYTHON]);
  };
}

/** Start of a sed expression that inserts code into `put` of `ssh/agent.py`, before the first file is replaced. */
const BEFORE_PUT = "s/^def put(.*/&\\n    ";

describe.each(KINDS)("with $name,", ({ kind, usersFile }) => {
  let exchange: Exchange;
  let stack: Stack;
  /** Call between Alice in zone1 and Bob in zone2. */
  let monitor: CallMonitor;
  let alice: Phone;
  let bob: Phone;
  let carol: Phone;
  let lastUser = 1009;

  beforeAll(async () => {
    // Some tests wait until this timeout is over, so it is short here.
    jest.replaceProperty(TIMEOUTS, "change", 1_000 as never);
    exchange = await Exchange.start({ zones: [kind, kind] });
    stack = await Stack.of(exchange, kind);
    alice = await exchange.phoneIn("zone1", "1001");
    bob = await exchange.phoneIn("zone2", "1002");
    carol = await exchange.phoneIn("zone1", "1003");
    monitor = await CallMonitor.between(exchange, alice, bob);
  }, IMAGES_DEADLINE);
  afterEach(() => exchange.closePhones(alice, bob, carol));
  afterAll(async () => {
    jest.restoreAllMocks();
    await exchange.close();
  });

  const oneMoreUser = (changes: Configuration = {}): Promise<void> =>
    stack.up({
      ...changes,
      users: [...USERS.slice(0, 2), { range: `1003-${String(++lastUser)}` }],
    });

  /** Asserts that the user who was added last can register in zone2 and be called. */
  async function lastUserIsCalled(): Promise<void> {
    const callee = await exchange.phoneIn("zone2", String(lastUser));
    const [outgoing, incoming] = await exchange.connect(carol, callee);
    await exchange.hear(carol, callee);
    await outgoing.hangUp();
    await incoming.closed;
  }

  const filesOf = async (node: string): Promise<string[]> => {
    const names = stack.filesOf(node);
    return Promise.all(names.map((path) => exchange.serverOf(node).read(path)));
  };

  test("a zone without SSH stays unchanged, and the error says what to do", async () => {
    const zone = exchange.zone("zone2");
    const former = await filesOf("zone2");
    await zone.killSsh();

    await expect(oneMoreUser()).rejects.toThrow(
      /^zone2: SSH at 192\.168\.0\.3 does not answer \(.*\); make sure that the server runs/,
    );
    expect(await filesOf("zone2")).toEqual(former);

    zone.startSsh();
    await stack.up();
    await lastUserIsCalled();
  });

  test("a zone with a full disk keeps its old files, and the next update succeeds", async () => {
    const zone = exchange.zone("zone2");
    const former = await filesOf("zone2");
    const makeRoom = await zone.fillEtc();
    try {
      await expect(oneMoreUser()).rejects.toThrow(
        /^zone2: .*No space left on device; no file was changed/,
      );
      expect(await filesOf("zone2")).toEqual(former);
      expect(await zone.inside(["find", ASTERISK, "-name", ".*"])).toBe("");
    } finally {
      await makeRoom();
    }
    await stack.up();
    await lastUserIsCalled();
  });

  test.each([
    ["that loses SSH after the upload", 2, `${BEFORE_PUT}os.system("pkill -KILL sshd")/`],
    [
      "that is killed after the first of two files is in place",
      1,
      String.raw`s/os.rename(written\[path.*/&; os.kill(os.getpid(), signal.SIGKILL)/`,
    ],
  ])("an update %s is repaired by the next update", async (_, count, expression) => {
    const zone = exchange.zone("zone2");
    const former = await filesOf("zone2");
    const restore = await sabotage(zone, expression);
    await expect(oneMoreUser({ ringTimeout: `${String(40 + count)}s` })).rejects.toThrow(
      /^zone2: /,
    );
    await eventually(`${String(count)} changed files`, SOON, async () => {
      const changed = (await filesOf("zone2")).filter((content, at) => content !== former[at]);
      expect(changed).toHaveLength(count);
      return true;
    });

    await restore();
    await zone.killSsh();
    zone.startSsh();
    await stack.up();
    await lastUserIsCalled();
    expect(await stack.refresh()).toEqual([]);
  });

  const tampered =
    (node: string, path: string, line: string): ChangeFiles =>
    (name, files) =>
      files.map((file) =>
        name === node && file.path === path
          ? { ...file, content: `${file.content}\n${line}\n` }
          : file,
      );

  test.each([
    ["zone2", join(ASTERISK, usersFile.name), usersFile.fault],
    ["zone2", join(ASTERISK, "extensions.conf"), "exten => 4711"],
    ["zone2", join(ASTERISK, "iax.conf"), "[half-a-section"],
    ["controller", "/etc/haproxy/haproxy.cfg", "nonsense"],
  ])("%s refuses a faulty %s and keeps the old file in service", async (node, path, line) => {
    const former = await exchange.serverOf(node).read(path);

    await expect(stack.up({}, tampered(node, path, line))).rejects.toThrow(
      new RegExp(`^${node}: `),
    );

    expect(await exchange.serverOf(node).read(path)).toBe(former);
    await exchange.serving();
    await lastUserIsCalled();
  });

  test("a file that was edited by hand is found by a refresh and repaired by an update", async () => {
    const path = join(ASTERISK, "extensions.conf");
    const zone = exchange.zone("zone2");
    const right = await zone.read(path);
    await zone.inside(["sed", "-i", "s/^exten => _X!,1,.*/exten => _X!,1,Hangup(1)/", path]);
    await zone.cli("dialplan reload");

    expect(await stack.refresh()).toEqual(["zone2"]);
    await stack.up();

    expect(await zone.read(path)).toBe(right);
    await lastUserIsCalled();
    expect(await stack.refresh()).toEqual([]);
  });

  test("a zone that was taken out of the rotation by hand is put back into it by an update", async () => {
    await exchange.controller.admin("set server nodes/zone2 state maint");

    expect(await stack.refresh()).toEqual(["zone2"]);
    await stack.up();

    await exchange.serving();
    await lastUserIsCalled();
  });

  test("the faults of the tests above do not disturb the call", async () => {
    expect(await monitor.result()).toEqual(undisturbed());
    await monitor.hangUp(1);
  });

  test("an update while HAProxy does not run fails with an error, and an update after its start succeeds", async () => {
    const { controller } = exchange;
    await controller.stopDaemon();
    await expect(stack.up({ balance: "roundrobin" })).rejects.toThrow(
      /^controller: HAProxy does not answer/,
    );

    controller.startDaemon();
    await eventually("HAProxy", SOON, () => controller.backends());
    await stack.up();
    expect(await controller.read("/etc/haproxy/haproxy.cfg")).toContain("balance roundrobin");
    await exchange.serving();
  });

  test.each(["zone2", "controller"])(
    "an update that a power cut of %s interrupts is repaired by the next update",
    async (node) => {
      const server = exchange.serverOf(node);
      const restore = await sabotage(
        server,
        `${BEFORE_PUT}open("\\/run\\/uploaded", "w"); threading.Event().wait()/`,
      );
      const update = oneMoreUser({ balance: node === "controller" ? "source" : "leastconn" });
      update.catch(() => undefined);
      await eventually("an upload", SOON, () => server.read("/run/uploaded"));
      await server.kill();
      await expect(update).rejects.toThrow(/^(?:zone\d|controller): /);
      if (node !== "controller") await exchange.noticedAsDown(node);

      await server.boot();
      await restore();
      await exchange.serving();
      await stack.up();
      // A power cut of the controller ends the phones' connections. The phones would notice only at their next
      // registration.
      await exchange.closePhones();
      carol = await exchange.phoneIn("zone1", "1003");
      await lastUserIsCalled();
      expect(await stack.refresh()).toEqual([]);
    },
  );
});
