import { BAD_CONFIGURATIONS, type BadConfiguration } from "../support/bad-configurations";
import { createStack, type Run, type TestStack } from "../support/pulumi";
import { MASTER_SECRET, MINIMAL } from "../support/settings";

jest.setTimeout(600_000);

interface Case extends Omit<BadConfiguration, "change"> {
  readonly config: Readonly<Record<string, unknown>>;
  /** Keys that contain secrets, but are set without --secret. */
  readonly plainKeys: readonly string[];
}

const OWN_SECRET = "an-explicit-secret";

const CASES: readonly Case[] = [
  ...BAD_CONFIGURATIONS.map(({ change, ...rest }): Case => ({
    ...rest,
    config: { ...MINIMAL, ...change },
    plainKeys: [],
  })),
  {
    title: "a master secret in plain text",
    config: MINIMAL,
    plainKeys: ["masterSecret"],
    key: "pbx:masterSecret",
    remedy: "pulumi config set --secret pbx:masterSecret",
    secret: MASTER_SECRET,
  },
  {
    title: "a user's secret in plain text",
    config: { ...MINIMAL, users: [{ extension: "1001", secret: OWN_SECRET }] },
    plainKeys: ["users"],
    key: "pbx:users[0].secret",
    remedy: "pulumi config set --secret --path 'pbx:users[0].secret'",
    secret: OWN_SECRET,
  },
];

/** Number of parallel runs. On two cores, one run leaves a core idle, and more than two runs wait for each other. */
const AT_ONCE = 2;

let stack: TestStack;
const runs = new Map<string, Run>();

beforeAll(async () => {
  stack = await createStack();
  const waiting = [...CASES];
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      runs.set(
        next.title,
        await stack.run(["preview", "--suppress-progress"], next.config, next.plainKeys),
      );
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
});

afterAll(() => {
  stack.remove();
});

test("at least thirty invalid configurations are tested", () => {
  expect(CASES.length).toBeGreaterThanOrEqual(30);
});

test.each(CASES)("pulumi rejects $title, naming $key", ({ title, key, remedy, secret, config }) => {
  const { exitCode, stdout, stderr } = runs.get(title) ?? { exitCode: 0, stdout: "", stderr: "" };
  const output = stdout + stderr;
  expect(exitCode).not.toBe(0);
  expect(output).not.toMatch(/^\s+at /m); // a stack trace
  expect(output).not.toMatch(/(openstack|trunkline|pbx):\S+ \S+ create/);
  if (secret !== undefined) {
    expect(output).not.toContain(secret);
  }
  if (typeof config.zones === "string") {
    // Pulumi itself checks the type of pbx:zones, before it starts the program.
    expect(output).toContain(`configuration key '${key}' must be of type 'integer'`);
    return;
  }
  const faults = output.split("\n").filter((line) => /^ {6}pbx:/.test(line));
  expect(faults).toHaveLength(1);
  expect(faults[0]).toContain(`${key} `);
  expect(faults[0]).toContain(remedy);
});
