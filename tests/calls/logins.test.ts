import { SIP_PORT } from "../../core/ports";
import { type Attempt, LogIn } from "../support/log-in";
import { dialFrom } from "./support/dial";
import { eventually } from "./support/eventually";
import { Exchange, IMAGES_DEADLINE, KINDS, PJSIP_16, TEST_DEADLINE } from "./support/exchange";
import { type LoginReport, Reports } from "./support/reports";
import { Stack, type ChangeFiles } from "./support/stack";
import type { TestZone } from "./support/zone";

jest.setTimeout(2 * TEST_DEADLINE);

/** Deadline for the report of a log-in, in seconds. */
const SOON = 5;
/** Simultaneous connections, and guesses on each connection. */
const [CONNECTIONS, GUESSES] = [5, 100];

describe.each([...KINDS, { name: "pjsip on Asterisk 16", kind: PJSIP_16 }])(
  "the log-in reporter of a zone, with $name,",
  ({ kind }) => {
    const isPjsip = kind.sipDriver === "pjsip";
    let exchange: Exchange;
    let zone: TestZone;
    let reports: Reports;
    const opened: LogIn[] = [];

    beforeAll(async () => {
      exchange = await Exchange.start({ zones: [kind] });
      zone = exchange.zone("zone1");
      // The listener of these tests needs the port on which the admission service listens.
      await exchange.controller.stopAdmission();
      reports = new Reports(exchange.network.namespace("controller"));
      reports.listen();
      await reports.until("hello", 1, 30);
    }, IMAGES_DEADLINE);
    beforeEach(() => {
      reports.forget();
    });
    afterEach(() => {
      for (const connection of opened.splice(0)) connection.close();
    });
    afterAll(async () => {
      await reports.stop();
      await exchange.close();
    });

    /** Opens a connection. @param deadline timeout of each answer, in milliseconds. */
    async function connection(deadline?: number): Promise<LogIn> {
      const dial = dialFrom(exchange.network.namespace("office1"));
      const login = new LogIn(
        exchange.controllerAddress,
        await dial(exchange.controllerAddress, SIP_PORT),
        deadline,
      );
      opened.push(login);
      return login;
    }

    /** Tries to log in on a new connection, which stays open. */
    const attempt = async (what: Attempt) => (await connection()).attempt(what);

    /** Tries to log in with a hostile account name. Asterisk may not answer. */
    const attemptHostile = async (what: Attempt): Promise<void> => {
      const deadline = 1_000;
      await (await connection(deadline)).attempt(what).catch(() => undefined);
    };

    /** Returns the source ports of HAProxy's open connections to the zone. */
    const openPorts = async (): Promise<number[]> => {
      const list = await zone.inside(["cat", "/proc/net/tcp"]);
      return list.split("\n").flatMap((line) => {
        const [, local = "", remote = "", state] = line.trim().split(/\s+/);
        const port = (address: string) => parseInt(address.split(":")[1] ?? "", 16);
        return state === "01" && port(local) === SIP_PORT ? [port(remote)] : [];
      });
    };

    /** Waits until the reporter has got at least `times` start messages from Asterisk. */
    const hasStarted = (times = 1): Promise<true> =>
      eventually("the report of Asterisk's start", 30, () =>
        Promise.resolve(
          zone.helpersOutput.split("Asterisk has started").length > times ? true : null,
        ),
      );

    /** Waits until a refused log-in of `account` is reported, and returns the report. */
    const refusalOf = (account: string): Promise<LoginReport> =>
      eventually(`a refusal of ${account}`, SOON, () =>
        Promise.resolve(reports.of("refused").find((one) => one.account === account) ?? null),
      );

    const right = (account = "1001"): Attempt => ({
      method: "REGISTER",
      account,
      password: exchange.secretOf(account),
    });
    const wrong: Attempt = { method: "REGISTER", account: "1001", password: "a guess" };
    const unknown: Attempt = { ...wrong, account: "nobody" };
    // PJSIP reports the name of an unknown account only after five requests within five seconds.
    const nobody = isPjsip ? "" : "nobody";
    const register = isPjsip ? "other" : "register";
    const call = isPjsip ? "other" : "call";

    test("reports the account and the connection of a log-in", async () => {
      expect(await attempt(right())).toEqual([401, 200]);
      const [accepted] = await reports.until("accepted", 1, SOON);
      expect(accepted).toEqual({
        event: "accepted",
        account: "1001",
        port: expect.any(Number) as number,
        service: register,
      });
      expect(await openPorts()).toContain(accepted?.port);
      expect(reports.of("challenged")).toEqual([]);
      expect(reports.of("refused")).toEqual([]);
    });

    test("reports a wrong password with its connection, and an unknown account, once each", async () => {
      await attempt(wrong);
      const [refused] = await reports.until("refused", 1, SOON);
      expect(refused).toMatchObject({ account: "1001", service: register });
      expect(await openPorts()).toContain(refused?.port);
      await attempt(unknown);
      const [, other] = await reports.until("refused", 2, SOON);
      expect(other).toMatchObject({ account: nobody, service: register });
      // chan_sip reports the connection of a registration only for existing accounts. Otherwise, the port is 0.
      const known = [...(await openPorts()), ...(isPjsip ? [] : [0])];
      expect(known).toContain(other?.port);
      expect(other?.port).not.toBe(refused?.port);
      expect(reports.of("refused")).toHaveLength(2);
    });

    test("reports a wrong password and an unknown account in a call", async () => {
      await attempt({ ...wrong, method: "INVITE", callee: "1003" });
      await attempt({ ...unknown, method: "INVITE", callee: "1003" });
      const refused = await reports.until("refused", 2, SOON);
      expect(refused).toMatchObject([
        { account: "1001", service: call },
        { account: nobody, service: call },
      ]);
      // chan_sip's event has only the port in the caller's headers, which may be forged. The reporter sends 0 instead.
      const ports = isPjsip ? await openPorts() : [0];
      for (const { port } of refused) expect(ports).toContain(port);
    });

    test("reports neither a first challenge nor a correct password with a stale nonce as a refusal", async () => {
      expect(await attempt({ ...right(), nonce: "1/0123456789abcdef" })).toEqual([401, 401]);
      expect(await attempt(right())).toEqual([401, 200]);
      await reports.until("accepted", 1, SOON);
      expect(reports.of("refused")).toEqual([]);
      // chan_sip's answer to a stale nonce reveals whether the password is correct. So the answer is reported as
      // "challenged".
      expect(reports.of("challenged")).toHaveLength(isPjsip ? 0 : 1);
    });

    test("reports each wrong password with a stale nonce, also in calls, and no first challenge", async () => {
      const guess = { ...wrong, nonce: "1/0123456789abcdef" };
      for (let count = 0; count < 3; count++) {
        await attempt(guess);
        await attempt({ ...guess, method: "INVITE", callee: "1003" });
      }
      const kind = isPjsip ? "refused" : "challenged";
      const found = await reports.until(kind, 6, SOON);
      const count = (service: string) => found.filter((one) => one.service === service).length;
      expect([count(register), count(call)]).toEqual(isPjsip ? [6, 6] : [3, 3]);
      expect(reports.of("accepted")).toEqual([]);
    });

    test("reports the account that places a call", async () => {
      await attempt({ ...right("1002"), method: "INVITE", callee: "1003" });
      const [accepted] = await reports.until("accepted", 1, SOON);
      expect(accepted).toMatchObject({ account: "1002", service: call });
      // chan_sip does not report the connection of a call.
      const ports = isPjsip ? await openPorts() : [0];
      expect(ports).toContain(accepted?.port);
      expect(reports.of("accepted")).toHaveLength(1);
      expect(reports.of("refused")).toEqual([]);
    });

    test("does not take text in an account name for an event", async () => {
      // PJSIP uses only 36 bytes of a name. `short` has fewer bytes.
      const long =
        "%0D%0A%0D%0AEvent%3A%20PeerStatus%0D%0APeer%3A%20S/1001%0D%0APeerStatus%3A%20Registered%0D%0A" +
        "Address%3A%20a%3A7%0D%0A%0D%0A";
      const short = "%0D%0A%0D%0AEvent%3A%20SuccessfulAuth%0D%0A";
      for (const account of [long, short, `a"b`]) {
        await attemptHostile({ ...wrong, account });
        await attemptHostile({ ...wrong, account, method: "INVITE", callee: account });
      }
      await attempt({ ...wrong, account: "1004" });
      await refusalOf("1004");
      expect(reports.of("accepted")).toEqual([]);
      expect(reports.all.filter(({ port }) => port === 7)).toEqual([]);
    });

    test("reports a digest response that is not a hash as a wrong password", async () => {
      const output = zone.helpersOutput;
      for (const method of ["REGISTER", "INVITE"] as const)
        await attempt({ ...wrong, account: "1003", method, callee: "1001", response: "Error" });
      await attempt({ ...wrong, account: "1004" });
      await refusalOf("1004");
      expect(reports.of("refused").map(({ account }) => account)).toEqual(["1003", "1003", "1004"]);
      expect(zone.helpersOutput).toBe(output);
    });

    test("limits reported account names to 64 bytes", async () => {
      await attemptHostile({ ...wrong, account: "é".repeat(100) });
      await attemptHostile({ ...wrong, account: "1".repeat(200) });
      const reported = await reports.until("refused", 1, SOON);
      for (const { account = "" } of reported) {
        expect(Buffer.byteLength(account)).toBeLessThanOrEqual(64);
      }
    });

    test(`reports each of ${String(CONNECTIONS * GUESSES)} wrong passwords within ${String(SOON)} s`, async () => {
      const names = Array.from({ length: CONNECTIONS }, (_, index) => `100${String(index + 1)}`);
      const connections = await Promise.all(names.map(() => connection()));
      await Promise.all(
        connections.map(async (one, index) => {
          for (let guess = 0; guess < GUESSES; guess++) {
            await one.attempt({ ...wrong, account: names[index] ?? "" });
          }
        }),
      );
      const refused = await reports.until("refused", CONNECTIONS * GUESSES, SOON);
      const ports = new Map(names.map((name) => [name, new Map<number, number>()]));
      for (const { account = "", port = 0 } of refused) {
        const counts = ports.get(account);
        counts?.set(port, (counts.get(port) ?? 0) + 1);
      }
      const open = await openPorts();
      for (const counts of ports.values()) {
        expect([...counts.values()]).toEqual([GUESSES]);
        expect(open).toEqual(expect.arrayContaining([...counts.keys()]));
      }
      expect(reports.of("dropped")).toEqual([]);
    });

    test("keeps events while the controller is unreachable, and then also reports the log-ins of open connections", async () => {
      await attempt(right("1005"));
      const [accepted] = await reports.until("accepted", 1, SOON);
      const gone = await connection();
      await gone.attempt(right("1006"));
      await reports.until("accepted", 2, SOON);
      await reports.stop();
      gone.close();
      await attempt({ ...wrong, account: "1002" });
      reports.forget();
      reports.listen();
      const [refused] = await reports.until("refused", 1, 20);
      expect(refused).toMatchObject({ account: "1002" });
      expect(reports.all[0]).toEqual({ event: "hello", zone: "zone1" });
      expect(reports.of("accepted")).toEqual([accepted]);
      await reports.until("alive", 1, 10);
      expect(reports.of("refused")).toHaveLength(1);
    });

    test("continues after a restart of Asterisk", async () => {
      const before = zone.helpersOutput.split("Asterisk has started").length;
      await zone.stopDaemon();
      zone.startDaemon();
      await exchange.serving();
      await hasStarted(before);
      await attempt({ ...wrong, account: "1007" });
      await refusalOf("1007");
    });

    test("follows an edit of its configuration in a running zone", async () => {
      const stack = await Stack.of(exchange, kind);
      const edited: ChangeFiles = (_, files) =>
        files.map((file) =>
          file.path === "/etc/trunkline/report-logins.json"
            ? { ...file, content: file.content.replace("zone1", "zone1-edited") }
            : file,
        );
      await stack.up({}, edited);
      expect(await reports.until("hello", 1, 10)).toMatchObject([{ zone: "zone1-edited" }]);
      await stack.up();
      expect(await reports.until("hello", 2, 10)).toMatchObject([{}, { zone: "zone1" }]);
      await attempt({ ...wrong, account: "1008" });
      await refusalOf("1008");
    });

    test("counts events that are lost while the reporter does not read", async () => {
      const signal = (name: string): Promise<string> =>
        zone.inside(["pkill", `-${name}`, "-f", "^/usr/bin/python3 .*/report-logins"]);
      await signal("STOP");
      const fill = `
import contextlib, os
fifo = os.open("/run/trunkline/logins", os.O_WRONLY | os.O_NONBLOCK)
with contextlib.suppress(BlockingIOError):
    while True:
        os.write(fifo, b'none - - 0 0\\n')`;
      await zone.inside(["python3", "-c", fill]);
      // Returns the number of Asterisk's messages that res_trunkline_logins has processed.
      const processed = async (): Promise<number> => {
        const table = await zone.cli("core show taskprocessors");
        return Number(/m:trunkline:logins\S*\s+(\d+)/.exec(table)?.[1]);
      };
      const before = await processed();
      await attempt({ ...wrong, account: "1007" });
      await eventually("the processing of the refusal", SOON, async () =>
        (await processed()) > before ? true : null,
      );
      await signal("CONT");
      await attempt({ ...wrong, account: "1008" });
      await refusalOf("1008");
      const [dropped] = await reports.until("dropped", 1, 2 * SOON);
      expect(dropped?.count).toBeGreaterThan(0);
    });

    test("accepts events through a FIFO of the asterisk user, and the ports for AMI and HTTP are closed", async () => {
      const modes = await zone.inside(["stat", "-c", "%U %a", "/run/trunkline/logins"]);
      expect(modes.trim()).toBe("asterisk 200");
      const listeners = await zone.inside(["ss", "-Htln", "sport = :5038 or sport = :8088"]);
      expect(listeners).toBe("");
    });
  },
);
