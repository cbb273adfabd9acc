import { execFile } from "node:child_process";
import { join } from "node:path";
import { ROOT } from "../../core/paths";
import { pretendDeployed } from "../support/deployed";
import { type FakeCloud, startFakeCloud } from "../support/fake-cloud";
import { createStack, type Run, type TestStack } from "../support/pulumi";
import { MINIMAL } from "../support/settings";

jest.setTimeout(300_000);

const CONFIG = {
  ...MINIMAL,
  operatorCidrs: ["203.0.113.0/24"],
  controllerFlavor: "m1.tiny",
  zones: 2,
};

const PREVIEW = ["preview", "--json", "--show-replacement-steps"];

function guard(plan: string, args: readonly string[] = []): Promise<Run> {
  return new Promise((resolve) => {
    const child = execFile(
      join(ROOT, "node_modules", ".bin", "tsx"),
      [join(ROOT, "cli", "guard.ts"), "--plan", "-", ...args],
      (error, stdout, stderr) => {
        resolve({ exitCode: Number(error?.code ?? 0), stdout, stderr });
      },
    );
    child.stdin?.end(plan);
  });
}

/** Returns the rows below the table's header, with wrapped lines joined, and the lines outside of the table. */
function parsed({ stdout }: Run): { rows: string[][]; verdict: string[] } {
  const rows: string[][] = [];
  const verdict: string[] = [];
  for (const line of stdout.trimEnd().split("\n")) {
    if (/^[┌├]/.test(line)) {
      rows.push(["", ""]);
    } else if (line.startsWith("│")) {
      const cells = line.split("│").slice(1, -1);
      rows.push((rows.pop() ?? []).map((text, i) => `${text} ${cells[i]?.trim() ?? ""}`.trim()));
    } else if (!line.startsWith("└")) {
      verdict.push(line);
    }
  }
  return { rows: rows.slice(1), verdict };
}

describe("the guard of a stack that was never deployed", () => {
  let stack: TestStack;

  beforeAll(async () => {
    stack = await createStack();
  });
  afterAll(() => {
    stack.remove();
  });

  test("reports that callers will notice nothing", async () => {
    const run = await guard((await stack.run(PREVIEW, CONFIG)).stdout);

    expect([run.exitCode, run.stderr]).toEqual([0, ""]);
    expect(parsed(run)).toEqual({
      rows: [
        ["controller: server created", "phones register once the controller is ready"],
        ["zone1: server created", "zone1 joins once it is ready"],
        ["zone2: server created", "zone2 joins once it is ready"],
      ],
      verdict: ["callers will notice nothing"],
    });
  });

  test("exits with code 2 and prints the faults if the configuration is invalid", async () => {
    const { stdout } = await stack.run(PREVIEW, { ...CONFIG, zones: 0 });

    const { exitCode, stderr } = await guard(stdout);

    expect(exitCode).toBe(2);
    expect(stderr).toContain("trunkline: no plan, because the preview failed: ");
    expect(stderr).toContain("pbx:zones is less than 1");
    expect(stderr).not.toMatch(/^\s+at /m);
  });
});

describe("the guard of an exchange of two zones", () => {
  let cloud: FakeCloud;
  let stack: TestStack;

  beforeAll(async () => {
    cloud = await startFakeCloud();
    stack = await createStack(ROOT, cloud.environment);
    await pretendDeployed(stack, CONFIG);
  });
  afterAll(async () => {
    stack.remove();
    await cloud.close();
  });

  async function judged(
    change: Readonly<Record<string, unknown>>,
    args: readonly string[] = [],
  ): Promise<Run> {
    const { exitCode, stdout, stderr } = await stack.run(PREVIEW, {
      ...CONFIG,
      ...change,
    });
    expect([exitCode, stderr]).toEqual([0, ""]);
    return guard(stdout, args);
  }

  test("accepts an update without changes", async () => {
    const run = await judged({});

    expect(run.exitCode).toBe(0);
    expect(parsed(run)).toEqual({ rows: [], verdict: ["callers will notice nothing"] });
  });

  const quiet: [title: string, change: object, rows: string[][]][] = [
    [
      "a change of users",
      { users: [{ extension: "1001" }, { extension: "1003" }] },
      [1, 2].map((zone) => [
        `zone${String(zone)}: files changed`,
        `zone${String(zone)}: change of users (users.sql): reload only, calls go on`,
      ]),
    ],
    [
      "another balance algorithm",
      { balance: "source" },
      [
        [
          "controller: files changed",
          "controller: HAProxy reloads (haproxy.cfg): calls and registrations go on",
        ],
      ],
    ],
    [
      "an additional zone",
      { zones: 3 },
      [
        ["zone3: server created", "zone3 joins once it is ready"],
        ...[1, 2].map((zone) => [
          `zone${String(zone)}: files changed`,
          `zone${String(zone)}: change of dialplan (extensions.conf) and trunk (iax.conf): reload only, calls go on`,
        ]),
      ],
    ],
    [
      "one zone fewer",
      { zones: 1 },
      [
        ["zone2: server deleted", "zone2 drains, then is deleted; its calls may go on for 1 h"],
        [
          "zone1: files changed",
          "zone1: change of dialplan (extensions.conf) and trunk (iax.conf): reload only, calls go on",
        ],
      ],
    ],
    [
      "another flavor of the zones",
      { flavor: "m1.large" },
      [1, 2].map((zone) => [
        `zone${String(zone)}: server replaced`,
        `zone${String(zone)} drains, is replaced, and comes back; the other zones keep serving; its calls may go on for 1 h`,
      ]),
    ],
  ];

  test.each(quiet)("accepts %s", async (_, change, rows) => {
    const run = await judged(change as Readonly<Record<string, unknown>>);

    expect(parsed(run)).toEqual({ rows, verdict: ["callers will notice nothing"] });
    expect([run.exitCode, run.stderr]).toEqual([0, ""]);
  });

  test("refuses to remove a zone if pbx:drainForce is true", async () => {
    const run = await judged({ zones: 1, drainForce: true });

    expect(run.exitCode).toBe(1);
    expect(parsed(run).verdict).toEqual([
      "zone2: server deleted: pbx:drainForce is true: calls of zone2 may be cut; set it to false",
    ]);
  });

  test("refuses to replace the controller without --allow-controller", async () => {
    const change = { controllerFlavor: "m1.small" };
    const refused = await judged(change);
    const allowed = await judged(change, ["--allow-controller"]);

    expect([refused.exitCode, allowed.exitCode]).toEqual([1, 0]);
    expect(parsed(refused).rows[0]).toEqual([
      "controller: server replaced",
      "controller restarts: calls keep their media; new calls and registrations wait about 90 s (as measured under emulation)",
    ]);
    expect(parsed(refused).verdict).toEqual([
      "controller: server replaced: choose a time with few calls, and allow the change with: --allow-controller",
    ]);
    expect(parsed(allowed).verdict).toEqual([
      "no call is lost; the restart of the controller was allowed",
    ]);
  });

  test("refuses another pbx:trunkCidr, because the subnet would be replaced", async () => {
    const run = await judged({ trunkCidr: "10.0.0.0/24" });

    expect(run.exitCode).toBe(1);
    expect(parsed(run).rows).toContainEqual([
      "trunk: subnet replaced",
      "cuts every call that passes through it",
    ]);
  });
});

describe("a third zone that never entered the rotation", () => {
  let cloud: FakeCloud;
  let stack: TestStack;

  beforeAll(async () => {
    cloud = await startFakeCloud();
    stack = await createStack(ROOT, cloud.environment);
    await pretendDeployed(stack, { ...CONFIG, zones: 3 });
    const { resources } = await stack.exported();
    await stack.importResources(
      resources.filter(({ urn }) => !urn.endsWith("ZoneMembership::zone3")),
    );
  });
  afterAll(async () => {
    stack.remove();
    await cloud.close();
  });

  test.each([
    ["may be removed if the plan includes unchanged resources", ["--show-sames"], 0],
    ["counts as a zone in the rotation if the plan has only changed resources", [], 1],
  ])("%s", async (_, options, exitCode) => {
    const { stdout } = await stack.run([...PREVIEW, ...options], CONFIG);

    const run = await guard(stdout);

    expect(run.exitCode).toBe(exitCode);
    const [row] = parsed(run).rows;
    expect(row?.[0]).toMatch(/^zone3: .*server deleted/);
    expect(row?.[1]).toBe(
      exitCode === 0 ? "zone3 is out of the rotation" : "cuts every call of zone3",
    );
  });
});

test("the guard rejects input that is not a plan", async () => {
  const { exitCode, stdout, stderr } = await guard("Previewing update (dev):\n");

  expect([exitCode, stdout]).toEqual([2, ""]);
  expect(stderr).toBe("trunkline: not a Pulumi plan; create one with: pulumi preview --json\n");
});
