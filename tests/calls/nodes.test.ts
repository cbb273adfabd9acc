import { start } from "../../phones/child-process";
import type { Phone } from "../../phones/phone";
import { within } from "../../phones/within";
import { eventually } from "./support/eventually";
import { Exchange, IMAGES_DEADLINE, KINDS, TEST_DEADLINE } from "./support/exchange";
import type { TestServer } from "./support/server";

jest.setTimeout(2 * TEST_DEADLINE);

const DATABASE = "/run/asterisk/users.sqlite3";
const LOAD_USERS = "/usr/lib/trunkline/load-users";
/** Target of a symbolic link: a file that only root may create. */
const PLANTED = "/etc/trunkline/planted";
const ASTERISK = ["--reuid=asterisk", "--regid=asterisk", "--clear-groups"];

describe.each(KINDS)("on a node, with $name,", ({ kind }) => {
  let exchange: Exchange;
  /** Phones: Alice's is registered in zone1, Bob's in zone2. */
  let alice: Phone;
  let bob: Phone;

  beforeAll(async () => {
    exchange = await Exchange.start({ zones: [kind, kind] });
    alice = await exchange.phoneIn("zone1", "1001");
    bob = await exchange.phoneIn("zone2", "1002");
  }, IMAGES_DEADLINE);
  afterAll(() => exchange.close());

  const exists = async (server: TestServer, path: string): Promise<boolean> =>
    (await server.inside(["sh", "-c", '[ ! -e "$1" ] || echo yes', "sh", path])) !== "";

  /** Starts a program, which the test must end. @param user options of setpriv that select a user; none for root. */
  const runs = (server: TestServer, argv: readonly string[], user: readonly string[] = []) =>
    // The end of nsenter, the parent of the program, ends the program.
    start(null, server.enter(["setpriv", ...user, "--pdeathsig", "KILL", "--", ...argv]), {
      stdio: ["ignore", "ignore", "pipe"],
    });

  test("load-users does not follow a symbolic link that the asterisk user created", async () => {
    const zone = exchange.zone("zone2");
    await zone.inside(["rm", "-f", DATABASE]);
    await zone.inside(["setpriv", ...ASTERISK, "--", "ln", "-s", PLANTED, DATABASE]);
    await zone.inside(["sh", "-c", `${LOAD_USERS} || true`]);
    expect(await exists(zone, PLANTED)).toBe(false);

    await zone.inside(["rm", "-f", DATABASE]);
    await zone.inside([LOAD_USERS]);
    if (kind.sipDriver !== "pjsip") return;
    expect(await zone.inside(["stat", "-c", "%U", DATABASE])).toBe("asterisk\n");
    expect(await zone.cli("pjsip show endpoint 1002")).not.toContain("Unable to find object");
  });

  test("HAProxy's workers cannot create links in /run/haproxy, where root creates files", async () => {
    const { controller } = exchange;
    await controller.inside(["systemd-tmpfiles", "--create", "--prefix=/run/haproxy"]);
    expect(await controller.inside(["stat", "-c", "%U:%G %a", "/run/haproxy"])).toBe(
      "root:root 755\n",
    );
  });

  test("logrotate rotates Asterisk's log, and Asterisk writes to a new log", async () => {
    const zone = exchange.zone("zone1");
    await zone.cli("logger reload");
    await zone.inside(["logrotate", "--force", "/etc/logrotate.d/asterisk"]);
    expect(await exists(zone, "/var/log/asterisk/messages.1.gz")).toBe(true);
    await eventually("a new log", 5, async () =>
      (await exists(zone, "/var/log/asterisk/messages")) ? true : null,
    );
    const owner = ["stat", "-c", "%U", "/var/log/asterisk/messages"];
    expect(await zone.inside(owner)).toBe("asterisk\n");
  });

  describe("the watchdog", () => {
    const WATCHDOG = "/usr/lib/trunkline/watchdog";
    const CONSOLE = "/run/asterisk/asterisk.ctl";
    /** Starts a watchdog that checks every second, and acts after four checks without an answer. */
    const watchdog = (zone: TestServer, socket = CONSOLE) =>
      runs(zone, [WATCHDOG, socket, "1", "4"], ASTERISK);

    test("kills a process with a dead console only when no call has media", async () => {
      const zone = exchange.zone("zone1");
      const silent = runs(zone, ["/usr/bin/python3", "-c", SILENT, "/tmp/console"], ASTERISK);
      const silentEnds = new Promise<boolean>((resolve) => {
        silent.once("exit", () => {
          resolve(true);
        });
      });
      const [outgoing, incoming] = await exchange.connect(alice, bob);
      await exchange.hear(alice, bob);
      await eventually("a console", 5, async () =>
        (await exists(zone, "/tmp/console")) ? true : null,
      );
      const dog = watchdog(zone, "/tmp/console");
      try {
        const soon = new Promise<boolean>((resolve) => setTimeout(resolve, 8_000, false));
        await expect(Promise.race([silentEnds, soon])).resolves.toBe(false);
        await outgoing.hangUp();
        await incoming.closed;
        await within(10_000, "the end of the process without calls", silentEnds);
      } finally {
        dog.kill();
        silent.kill();
      }
    });

    test("does not kill an Asterisk that hangs for less than the limit", async () => {
      const zone = exchange.zone("zone2");
      const dog = watchdog(zone);
      try {
        await zone.signal("SIGSTOP");
        // During this time, at most three checks get no answer.
        await expect(zone.endsWithin(2_500)).resolves.toBe(false);
        await zone.signal("SIGCONT");
        await expect(zone.endsWithin(6_000)).resolves.toBe(false);
      } finally {
        dog.kill();
      }
      await exchange.serving();
    });

    test("does not kill an Asterisk that a debugger has stopped", async () => {
      const zone = exchange.zone("zone2");
      const dog = watchdog(zone);
      const tracer = runs(zone, ["/usr/bin/python3", "-c", TRACE, await zone.innerPid()]);
      try {
        await eventually("a traced Asterisk", 5, async () =>
          (await zone.inside(["cat", `/proc/${await zone.innerPid()}/status`])).includes(
            "TracerPid:\t0\n",
          )
            ? null
            : true,
        );
        await zone.signal("SIGSTOP");
        await expect(zone.endsWithin(8_000)).resolves.toBe(false);
      } finally {
        dog.kill();
        tracer.kill("SIGKILL");
        await zone.signal("SIGCONT");
      }
      await exchange.serving();
    });

    test("kills an Asterisk that hangs, and the zone serves again after a restart of Asterisk", async () => {
      const zone = exchange.zone("zone2");
      const dog = watchdog(zone);
      let output = "";
      dog.stderr?.on("data", (text: Buffer) => (output += text.toString()));
      try {
        await zone.signal("SIGSTOP");
        await expect(zone.endsWithin(15_000)).resolves.toBe(true);
      } finally {
        dog.kill();
      }
      expect(output).toMatch(/^Asterisk \(process \d+\) gave no answer 4 times: killed\n$/);

      // On a real server, systemd restarts Asterisk.
      await exchange.noticedAsDown("zone2");
      zone.startDaemon();
      await exchange.serving();
      const again = await exchange.phoneIn("zone2", "1003");
      const [outgoing, incoming] = await exchange.connect(alice, again);
      await exchange.hear(alice, again);
      await outgoing.hangUp();
      await incoming.closed;
    });
  });

  test("chronyd of a zone follows the controller's clock through the packet filters of both nodes", async () => {
    const zone = exchange.zone("zone1");
    // -x: never set the clock, because it is the clock of this machine.
    const chronyd = ["chronyd", "-d", "-x"];
    for (const node of [exchange.controller, zone]) {
      await node.inside(["sh", "-ec", RUN_CHRONY]);
    }
    const daemons = [runs(exchange.controller, chronyd), runs(zone, chronyd)];
    try {
      const source = `^* ${exchange.plan.controller.fixedIp}`;
      await eventually("a clock to follow", 30, async () => {
        const sources = await zone.inside(["chronyc", "-n", "sources"]).catch(String);
        return sources.includes(source) ? true : null;
      });
    } finally {
      for (const daemon of daemons) daemon.kill();
    }
  });
});

/** Script that creates the folders that systemd and host-clock create before chronyd starts. */
const RUN_CHRONY = `
install -d -m 0700 -o _chrony -g _chrony /run/chrony
mkdir /run/trunkline-clock`;

/** Python program that listens on a socket, as Asterisk's console does, and never answers. */
const SILENT = `
import socket, sys, time
here = socket.socket(socket.AF_UNIX)
here.bind(sys.argv[1])
here.listen(9)
time.sleep(600)`;

/** Python program that attaches to a process as a debugger does, and keeps the process stopped (16: PTRACE_ATTACH). */
const TRACE = `
import ctypes, os, sys, time
libc = ctypes.CDLL(None, use_errno=True)
if libc.ptrace(16, int(sys.argv[1]), None, None) != 0:
    sys.exit(os.strerror(ctypes.get_errno()))
time.sleep(600)`;
