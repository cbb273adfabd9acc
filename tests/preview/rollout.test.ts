import { pretendDeployed } from "../support/deployed";
import { type FakeCloud, IMAGE_ID, startFakeCloud } from "../support/fake-cloud";
import { createStack, type TestStack } from "../support/pulumi";
import { MINIMAL } from "../support/settings";

jest.setTimeout(300_000);

const CONFIG = {
  ...MINIMAL,
  zones: 2,
  operatorCidrs: ["203.0.113.0/24"],
  controllerFlavor: "m1.small",
};
const SERVER = { image: IMAGE_ID, flavor: "m1.small" };
const ZONE = { ...SERVER, sipDriver: "pjsip" };
const SERVERS = { controller: SERVER, zone1: ZONE, zone2: ZONE };

let cloud: FakeCloud;
let stack: TestStack;

beforeAll(async () => {
  cloud = await startFakeCloud();
  stack = await createStack(undefined, cloud.environment);
  // What the last update put out is part of the stack's state, too.
  await pretendDeployed(
    {
      ...stack,
      importResources: (resources) =>
        stack.importResources(
          resources.map((resource) =>
            "type" in resource && resource.type === "pulumi:pulumi:Stack"
              ? { ...resource, outputs: { servers: SERVERS } }
              : resource,
          ),
        ),
    },
    CONFIG,
  );
});

afterAll(async () => {
  stack.remove();
  await cloud.close();
});

/** What happens to servers and what hangs on them, in the order in which Pulumi plans it. */
async function plan(change: Readonly<Record<string, unknown>>): Promise<string[]> {
  const { stdout, stderr, exitCode } = await stack.run(
    ["preview", "--json", "--show-replacement-steps"],
    { ...CONFIG, ...change },
  );
  expect([exitCode, stderr]).toEqual([0, ""]);
  const { steps } = JSON.parse(stdout) as { steps: { op: string; urn: string }[] };
  return steps
    .map(({ op, urn }) => [op, ...(/(\w+)::(\w+)$/.exec(urn) ?? []).slice(1)].join(" "))
    .filter((step) => /^(create|delete)\S* (Instance|NodeConfig|ZoneMembership) /.test(step));
}

/** A server that is replaced: first nobody calls there any more, then it goes. */
const replaced = (node: string, kinds: readonly string[]): string[] => [
  ...[...kinds].reverse().map((kind) => `delete-replaced ${kind} ${node}`),
  ...kinds.map((kind) => `create-replacement ${kind} ${node}`),
];
const ZONE_KINDS = ["Instance", "NodeConfig", "ZoneMembership"];

test("another flavor: one zone after the other is drained, replaced, and enters again", async () => {
  expect(await plan({ flavor: "m1.large" })).toEqual([
    ...replaced("zone1", ZONE_KINDS),
    ...replaced("zone2", ZONE_KINDS),
  ]);
});

test("with another controller as well, zones wait until it knows what a drain is", async () => {
  expect(await plan({ flavor: "m1.large", controllerFlavor: "m1.large" })).toEqual([
    ...replaced("controller", ["Instance", "NodeConfig"]),
    ...replaced("zone1", ZONE_KINDS),
    ...replaced("zone2", ZONE_KINDS),
  ]);
});

test("another controller alone replaces nothing of a zone", async () => {
  expect(await plan({ controllerFlavor: "m1.large" })).toEqual(
    replaced("controller", ["Instance", "NodeConfig"]),
  );
});

test("a zone that goes is drained before anything else of it goes", async () => {
  expect(await plan({ zones: 1 })).toEqual(
    ["ZoneMembership", "NodeConfig", "Instance"].map((kind) => `delete ${kind} zone2`),
  );
});

test("users and dialplan replace nothing", async () => {
  expect(await plan({ users: [{ range: "1001-1100" }], ringTimeout: 30 })).toEqual([]);
});
