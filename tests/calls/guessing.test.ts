import { liftLock, listLocks, type Lock } from "../../nodes/haproxy/locks";
import { Connections, TIMEOUTS } from "../../ssh/connections";
import { dialFrom } from "./support/dial";
import { eventually } from "./support/eventually";
import { Exchange, IMAGES_DEADLINE, KINDS, TEST_DEADLINE } from "./support/exchange";
import { giveAddresses, OPERATOR } from "./support/network";
import { sipCrowd } from "./support/sip-crowd";

jest.setTimeout(2 * TEST_DEADLINE);

const OFFICE = "office4";
const ACCOUNTS = ["1001", "1002", "1003"];
/** Number of sources that guess. The last source is an office with registered phones. */
const SOURCES = 20;
/** Seconds until the guesses start. Until then, the phones register. */
const REGISTERED = 2;
/** Number of guesses of each source. */
const GUESSES = 500;
const SECONDS = 25;
/** Maximum number of answered guesses of a source, and maximum time from its first refusal to its lock, in seconds. */
const [MOST_GUESSES, MOST_SECONDS] = [200, 5];
/** Duration of the first lock, in seconds. */
const LOCK = 20;
/** Seconds for which trunkline-admission is stopped, so that the lock comes late. */
const LATE = 3;
const SOON = 15;

describe.each(KINDS)("when passwords are guessed, with $name,", ({ kind }) => {
  let exchange: Exchange;
  let connections: Connections;
  let sources: string[];
  /** Sources that guess with a forged nonce: an office with phones, and two other sources. */
  let madeUp: string[];
  let others: string[];

  beforeAll(async () => {
    exchange = await Exchange.start({
      zones: [kind],
      configuration: { limits: { lockTime: LOCK } },
    });
    connections = new Connections(dialFrom(exchange.network.namespace(OPERATOR)));
    const addresses = await giveAddresses(exchange.network.namespace(OFFICE), SOURCES + 6);
    sources = addresses.slice(0, SOURCES);
    madeUp = addresses.slice(SOURCES, SOURCES + 3);
    others = addresses.slice(SOURCES + 3);
    await eventually("a zone that reports", SOON, async () =>
      (await securityLog()).some(({ event }) => event === "reporter") ? true : null,
    );
  }, IMAGES_DEADLINE);
  afterEach(() => exchange.closePhones());
  afterAll(async () => {
    connections.close();
    await exchange.close();
  });

  const crowd = (seconds: number, jobs: Parameters<typeof sipCrowd>[3]) =>
    sipCrowd(exchange.network.namespace(OFFICE), exchange.controllerAddress, seconds, jobs);

  const securityLog = async (): Promise<Record<string, unknown>[]> =>
    (await exchange.controller.read("/var/log/trunkline/security.log"))
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as Record<string, unknown>);

  const banned = async (): Promise<Set<string>> =>
    new Set(
      (await exchange.controller.bans()).map(
        ({ source, account }) => `${source}/${account ?? "*"}`,
      ),
    );

  const phone = (account: string, source: string) => ({
    source,
    account,
    password: exchange.secretOf(account),
    after: 0,
    every: 2,
  });

  test("each guessing source is locked, while registered phones with the same address continue to work", async () => {
    const office = sources.at(-1) ?? "";
    const guess = sources.map((source, index) => ({
      source,
      accounts: ACCOUNTS,
      guesses: GUESSES,
      after: REGISTERED,
      connections: index % 2,
    }));
    // The first two phones share the address of a guessing client. The client guesses the password of the first phone.
    // The third phone has another address.
    const register = [
      phone("1001", office),
      phone("1004", office),
      phone("1002", "198.51.100.203"),
    ];
    const { guess: guessed, register: registered } = await crowd(SECONDS, {
      guess: guess.map((job) => (job.source === office ? { ...job, accounts: ["1001"] } : job)),
      register,
    });

    expect(registered.flatMap(({ failed }) => failed)).toEqual([]);
    expect(Math.min(...registered.map(({ tried }) => tried))).toBeGreaterThan(5);
    expect(guessed.map(({ tried }) => tried)).toEqual(guessed.map(() => GUESSES));
    for (const { answered } of guessed.slice(0, -1)) {
      expect(answered).toBeLessThanOrEqual(MOST_GUESSES);
      expect(answered).toBeGreaterThanOrEqual(10);
    }
    const records = await securityLog();
    const locks = records.filter(({ event }) => event === "lock");
    for (const source of sources) {
      const first = records.find(
        (record) => record.event === "refused" && record.source === source,
      );
      const lock = locks.find((record) => record.source === source);
      const took = Date.parse(String(lock?.time)) - Date.parse(String(first?.time));
      expect([source, took < MOST_SECONDS * 1000]).toEqual([source, true]);
    }
    expect(records.find(({ event }) => event === "refused")).toMatchObject({
      zone: "zone1",
      source: expect.stringMatching(/^198\.51\.100\.1/) as string,
    });
  });

  test("guesses with a forged nonce also cause locks, while registered phones with the same address continue to work", async () => {
    const [office = "", stranger = "", changing = ""] = madeUp;
    const job = {
      accounts: ["1001"],
      guesses: 2 * GUESSES,
      after: REGISTERED,
      nonce: "0123456789abcdef",
    };
    const { guess, register } = await crowd(SECONDS / 2, {
      guess: [office, stranger, changing].map((source) => ({
        ...job,
        source,
        connections: source === changing ? 0 : 1,
      })),
      register: [phone("1001", office), phone("1004", office), phone("1002", "198.51.100.203")],
    });

    expect(register.flatMap(({ failed }) => failed)).toEqual([]);
    expect(Math.min(...register.map(({ tried }) => tried))).toBeGreaterThan(2);
    // While the office is locked for 1001, the phone of 1001 and the guessing client there share a limit of five new
    // connections per minute.
    for (const { answered, tried } of guess) {
      expect(tried).toBeGreaterThan(answered);
      expect(answered).toBeGreaterThanOrEqual(5);
      expect(answered).toBeLessThan(GUESSES);
    }
    expect(guess[1]?.answered).toBeLessThanOrEqual(MOST_GUESSES);
    const locks = (await securityLog()).filter(({ event }) => event === "lock");
    for (const source of [office, stranger]) {
      expect(locks).toContainEqual(expect.objectContaining({ source, account: "1001" }));
    }
    expect(locks.map(({ source }) => source)).toContain(changing);
  });

  test("a lock is listed, can be lifted, outlives a reload of HAProxy and a crash of trunkline-admission, and expires", async () => {
    const [source = ""] = others;
    const guess = () =>
      crowd(3, { guess: [{ source, accounts: ["1005"], guesses: 40, connections: 1, after: 0 }] });
    const answered = async (): Promise<number> => (await guess()).guess[0]?.answered ?? 0;
    const { controller } = exchange;

    const ban = async () => (await controller.bans()).find((one) => one.source === source);
    const locked = (): Promise<Lock> =>
      eventually("the lock", SOON, async () => (await ban()) ?? null);

    const lockedInHaproxy = (): Promise<true> =>
      eventually("the lock in HAProxy", SOON, async () => ((await answered()) === 0 ? true : null));

    expect(await answered()).toBeGreaterThanOrEqual(10);
    await locked();
    await lockedInHaproxy();
    const session = await connections.controller(exchange.access, TIMEOUTS.read);
    // The remaining seconds are not compared, because they differ between two queries.
    const untimed = (bans: readonly Lock[]) => bans.map((one) => ({ ...one, seconds: null }));
    expect(untimed(await listLocks(session))).toEqual(untimed(await controller.bans()));
    const lock = { source, account: "1005" };
    expect(await liftLock(session, lock)).toEqual([lock]);
    expect(await banned()).not.toContain(`${source}/1005`);
    await eventually("the lifted lock in HAProxy", SOON, async () =>
      (await answered()) >= 10 ? true : null,
    );
    // Lifting a lock resets the number of locks (`times`), which determines the duration of the next lock.
    expect(await locked()).toMatchObject({
      account: "1005",
      times: 1,
      reason: "refused log-ins of the account",
    });

    await lockedInHaproxy();
    await controller.inside(["sh", "-c", "echo reload | socat - /run/haproxy/master.sock"]);
    expect(await answered()).toBe(0);
    await controller.signalAdmission("SIGKILL");
    expect(await answered()).toBe(0);
    await eventually("trunkline-admission again", SOON, () => controller.bans());

    await eventually("the end of the lock", 2 * LOCK, async () =>
      (await banned()).has(`${source}/1005`) ? null : true,
    );
    await eventually("the end of the lock in HAProxy", SOON, async () =>
      (await answered()) >= 10 ? true : null,
    );
    expect((await locked()).times).toBe(2);
  });

  test("only a limited number of guesses is answered while trunkline-admission is stopped", async () => {
    const [, , source = ""] = others;
    const { controller } = exchange;
    const job = { source, accounts: ["1007"], guesses: 20 * GUESSES, connections: 20, after: 0 };
    await controller.signalAdmission("SIGSTOP");
    try {
      const [guessed] = (await crowd(LATE, { guess: [job] })).guess;
      expect(guessed?.answered).toBeGreaterThanOrEqual(10);
      expect(guessed?.answered).toBeLessThanOrEqual(MOST_GUESSES);
    } finally {
      await controller.signalAdmission("SIGCONT");
    }
  });

  test("a lock outlives a restart of HAProxy", async () => {
    const [, source = ""] = others;
    const job = { source, accounts: ["1006"], guesses: 40, connections: 1, after: 0 };
    await crowd(3, { guess: [job] });
    const { controller } = exchange;
    await controller.stopDaemon();
    controller.startDaemon();
    await eventually("HAProxy again", SOON, () => exchange.options());
    expect((await crowd(2, { guess: [job] })).guess[0]?.answered).toBe(0);
  });
});
