import { join } from "node:path";
import { stringify } from "yaml";
import { planExchange } from "../../plan/exchange-plan";
import { expectGolden } from "../support/golden";
import { createStack, type Run, type TestStack } from "../support/pulumi";
import { type GraphNode, resourceGraph } from "../support/resource-graph";
import { MASTER_SECRET, MINIMAL, STACK, settingsWith } from "../support/settings";

jest.setTimeout(300_000);

const OWN_SECRET = "an-own-secret.of-1002";
const CONFIG = {
  ...MINIMAL,
  users: [
    { extension: "1001", name: "Alice Example" },
    { extension: "1002", secret: OWN_SECRET },
  ],
  operatorCidrs: ["203.0.113.0/24"],
};

let stack: TestStack;
const previews = new Map<number, Run>();

beforeAll(async () => {
  stack = await createStack();
  for (const zones of [1, 2, 3, 5]) {
    previews.set(zones, await stack.run(["preview", "--json"], { ...CONFIG, zones }));
  }
});

afterAll(() => {
  stack.remove();
});

function graph(zones: number): GraphNode[] {
  const { exitCode, stdout, stderr } = previews.get(zones) ?? {
    exitCode: -1,
    stdout: "",
    stderr: "",
  };
  expect([exitCode, stderr]).toEqual([0, ""]);
  return resourceGraph(stdout);
}

test.each([1, 2, 5])("a preview without credentials plans a new stack of %i zone(s)", (zones) => {
  const header =
    "# Written by `npm run golden`. (unknown): given by the cloud; (random): by Pulumi.\n";
  expectGolden(
    join(__dirname, "golden", `zones-${String(zones)}.yaml`),
    header + stringify(graph(zones), { lineWidth: 0, aliasDuplicateObjects: false }),
  );
});

test("a preview without a token plans a new stack of two zones on Okeanos", async () => {
  const config = { ...CONFIG, zones: 2, cloud: "okeanos", flavor: "C2R2048D20drbd" };
  const { exitCode, stdout, stderr } = await stack.run(["preview", "--json"], config);
  expect([exitCode, stderr]).toEqual([0, ""]);
  const header =
    "# Written by `npm run golden`. (unknown): given by the cloud; (random): by Pulumi.\n";
  expectGolden(
    join(__dirname, "golden", "okeanos-zones-2.yaml"),
    header + stringify(resourceGraph(stdout), { lineWidth: 0, aliasDuplicateObjects: false }),
  );
});

test.each([
  [1, 2],
  [2, 3],
])(
  "plans for %i and %i zones differ only in the new zone and in the other nodes' files",
  (before, after) => {
    const text = (node: GraphNode): string => JSON.stringify(node);
    const old = graph(before).map(text);
    const changed = graph(after).filter((node) => !old.includes(text(node)));
    const label = ({ type, name }: GraphNode): string => `${type.split(":").at(-1) ?? ""} ${name}`;
    const name = `zone${String(after)}`;
    const others = Array.from({ length: before }, (_, index) => `zone${String(index + 1)}`);
    expect(graph(after)).toHaveLength(old.length + 7);
    expect(changed.map(label).sort()).toEqual(
      [
        `ExtendedZone ${name}`,
        `FloatingIp ${name}`,
        `FloatingIpAssociate ${name}`,
        `Instance ${name}`,
        `NodeConfig ${name}`,
        `Port ${name}`,
        `ZoneMembership ${name}`,
        ...["controller", ...others].map((node) => `NodeConfig ${node}`),
      ].sort(),
    );
  },
);

test("a preview prints no secret", async () => {
  const { zones, controller, users, accessKey } = planExchange(
    settingsWith({ ...CONFIG, zones: 2 }),
    STACK,
  );
  const secrets = [
    MASTER_SECRET,
    OWN_SECRET,
    ...users.map(({ secret }) => secret),
    ...zones.flatMap(({ trunkPeers }) => trunkPeers.map(({ secret }) => secret)),
    // One line from the middle of each key, because the first lines are the same for every key.
    ...[accessKey, ...[controller, ...zones].map(({ sshHostKey }) => sshHostKey)].map(
      ({ privateKey }) => privateKey.split("\n")[4] ?? "",
    ),
  ];
  expect(secrets.filter((secret) => secret.length < 16)).toEqual([]);
  const runs = [
    previews.get(2),
    await stack.run(["preview", "--diff", "--show-config"], { ...CONFIG, zones: 2 }),
  ];
  for (const run of runs) {
    expect(run?.exitCode).toBe(0);
    const output = `${run?.stdout ?? ""}${run?.stderr ?? ""}`;
    expect(output).toContain("zone2");
    expect(secrets.filter((secret) => output.includes(secret))).toEqual([]);
  }
});

test("a preview of 10,000 users reports that the servers receive them after boot", async () => {
  const config = { ...CONFIG, users: [{ range: "10000-19999" }] };
  const { exitCode, stdout } = await stack.run(["preview"], config);
  expect(exitCode).toBe(0);
  expect(stdout).toContain(
    "pbx:users has 10000 users, more than user data can hold; the servers receive their users after boot",
  );
  // Pulumi prints each warning twice: when it occurs and at the end.
  expect(new Set(stdout.match(/warning: .*/g))).toEqual(
    new Set([
      "warning: pbx:users has 10000 users, and a zone accepts at most 1000 phones: with pbx:zones at 1, not all users can register at the same time; raise pbx:zones to 10",
    ]),
  );
});

test("a preview warns if pbx:operatorCidrs is empty", async () => {
  const { exitCode, stdout } = await stack.run(["preview"], { ...CONFIG, operatorCidrs: [] });
  expect(exitCode).toBe(0);
  expect(stdout).toMatch(/warning: pbx:operatorCidrs is empty, .* such as \[203\.0\.113\.7\/32\]/);
});

test("an update fails before it creates anything if pbx:operatorCidrs is empty", async () => {
  const config = { ...CONFIG, operatorCidrs: [] };
  const { exitCode, stdout } = await stack.run(["up", "--yes", "--skip-preview"], config);
  expect(exitCode).not.toBe(0);
  expect(stdout).toMatch(/error: pbx:operatorCidrs is empty, .* such as \[203\.0\.113\.7\/32\]/);
  expect(stdout).not.toMatch(/(openstack|trunkline|pbx):\S+ \S+ (creating|created)/);
  expect(stdout).not.toMatch(/^\s+at /m);
});
