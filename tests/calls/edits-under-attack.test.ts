import type { ChildProcess } from "node:child_process";
import { join } from "node:path";
import { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { ended, start } from "../../phones/child-process";
import { eventually } from "./support/eventually";
import { Exchange, IMAGES_DEADLINE, KINDS, TEST_DEADLINE, USERS } from "./support/exchange";
import { Stack, type ChangeFiles } from "./support/stack";

jest.setTimeout(2 * TEST_DEADLINE);

const ASTERISK = "/etc/asterisk";
const FLOOD = join(__dirname, "support", "flood.py");
/** Pause between two malformed requests, in milliseconds. */
const PAUSE = 20;
/** Maximum duration of the flood, in seconds. */
const LONGEST = 90;
/** Deadline for the first log record of the flood, in seconds. */
const SOON = 10;
/** Allowed slowdown of an edit during a flood: a factor, and additional milliseconds. */
const USUAL = 2;
const NOISE = 1_000;

/** Line that logger.conf had in earlier versions of the exchange. The line sets a log format that is not JSON. */
const OLD_FORMAT = "messages => notice,warning,error";

describe.each(KINDS)("during a flood of malformed requests, with $name,", ({ kind, usersFile }) => {
  let exchange: Exchange;
  let stack: Stack;
  let flood: ChildProcess;
  let lastUser = 1009;
  /** Duration of the slower of two edits without a flood, in milliseconds. */
  let usual: number;

  /** Updates the stack with one more user and another ring timeout. Returns the duration in milliseconds. */
  async function oneMoreUser(tamper?: ChangeFiles): Promise<number> {
    const began = performance.now();
    const users = [...USERS.slice(0, 2), { range: `1003-${String(++lastUser)}` }];
    await stack.up({ users, ringTimeout: `${String(lastUser - 970)}s` }, tamper);
    return performance.now() - began;
  }

  const withFault =
    (name: string, fault: string): ChangeFiles =>
    (_, files) =>
      files.map((file) =>
        file.path === join(ASTERISK, name)
          ? { ...file, content: `${file.content}\n${fault}\n` }
          : file,
      );

  beforeAll(async () => {
    exchange = await Exchange.start({ zones: [kind] });
    stack = await Stack.of(exchange, kind);
    usual = Math.max(await oneMoreUser(), await oneMoreUser());
    flood = start(
      exchange.network.namespace("office2"),
      ["python3", FLOOD, exchange.controllerAddress, String(PAUSE), String(LONGEST)],
      { stdio: ["pipe", "pipe", "inherit"] },
    );
    // PJSIP does not log malformed packets: pjproject.conf disables these records.
    if (kind.sipDriver === "pjsip") return;
    await eventually("a forged log record", SOON, async () =>
      (await exchange.zone("zone1").log()).includes("extensions.conf") ? true : null,
    );
  }, IMAGES_DEADLINE);
  afterAll(() => exchange.close());

  test("an edit of users and dialplan succeeds, and takes at most about twice as long as without a flood", async () => {
    for (let edit = 0; edit < 5; edit++) {
      expect(await oneMoreUser()).toBeLessThan(USUAL * usual + NOISE);
    }
    const phone = await exchange.registeredPhone(String(lastUser));
    expect(await exchange.zonesOf(phone.account.extension)).toEqual(["zone1"]);
  });

  test.each([
    ["extensions.conf", "exten => 4711", "Invalid priority/label '' at line"],
    ["iax.conf", "[half-a-section", "Config file iax.conf is in an invalid format"],
    [usersFile.name, usersFile.fault, usersFile.message],
  ])(
    "a real fault in %s is refused with a message about this fault",
    async (name, fault, message) => {
      const zone = exchange.zone("zone1");
      const former = await zone.read(join(ASTERISK, name));

      const refusal = await oneMoreUser(withFault(name, fault)).catch((error: unknown) => error);

      expect(String(refusal)).toMatch(
        /^NodeError: zone1: .*The former files are in service again$/s,
      );
      expect(String(refusal)).toContain(message);
      expect(String(refusal)).not.toMatch(/forged|line 1 of|Not a SIP header/);
      expect(await zone.read(join(ASTERISK, name))).toBe(former);
      await oneMoreUser();
    },
  );

  test("with the old log format, a fault is refused too, and the next valid edit sets the new format", async () => {
    const old: ChangeFiles = (_, files) =>
      files.map((file) => ({
        ...file,
        content: file.content.replace(/^messages => .*/m, OLD_FORMAT),
      }));
    await stack.up({}, old);
    expect(await exchange.zone("zone1").read(`${ASTERISK}/logger.conf`)).toContain(OLD_FORMAT);

    await expect(oneMoreUser(withFault("extensions.conf", "exten => 4711"))).rejects.toThrow(
      /^zone1: .*Invalid priority\/label/,
    );
    await oneMoreUser();

    expect(await exchange.zone("zone1").cli("logger show channels")).toMatch(/messages.*json/i);
  });

  test("the flood sends more than 100 requests during these tests", async () => {
    flood.stdin?.end();
    const [sent] = await Promise.all([text(flood.stdout ?? Readable.from([])), ended(flood)]);

    expect(Number(sent)).toBeGreaterThan(100);
  });
});
