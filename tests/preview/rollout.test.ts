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
  // A stack's state also has the outputs of the last update.
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

/** Returns the steps that create or delete an Instance, a NodeConfig or a ZoneMembership, in the plan's order. */
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

/**
 * Returns the steps that replace the resources `kinds` of a node. `kinds` is in the order of creation. The resources
 * are deleted in the reverse order, so a zone leaves the rotation before its server is deleted.
 */
const replaced = (node: string, kinds: readonly string[]): string[] => [
  ...[...kinds].reverse().map((kind) => `delete-replaced ${kind} ${node}`),
  ...kinds.map((kind) => `create-replacement ${kind} ${node}`),
];
const ZONE_KINDS = ["Instance", "NodeConfig", "ZoneMembership"];

test("if the zones get another flavor, they are drained and replaced one after the other", async () => {
  expect(await plan({ flavor: "m1.large" })).toEqual([
    ...replaced("zone1", ZONE_KINDS),
    ...replaced("zone2", ZONE_KINDS),
  ]);
});

test("zones are replaced after the controller if both get another flavor", async () => {
  expect(await plan({ flavor: "m1.large", controllerFlavor: "m1.large" })).toEqual([
    ...replaced("controller", ["Instance", "NodeConfig"]),
    ...replaced("zone1", ZONE_KINDS),
    ...replaced("zone2", ZONE_KINDS),
  ]);
});

test("nothing of a zone is replaced if only the controller gets another flavor", async () => {
  expect(await plan({ controllerFlavor: "m1.large" })).toEqual(
    replaced("controller", ["Instance", "NodeConfig"]),
  );
});

test("a removed zone is drained before its other resources are deleted", async () => {
  expect(await plan({ zones: 1 })).toEqual(
    ["ZoneMembership", "NodeConfig", "Instance"].map((kind) => `delete ${kind} zone2`),
  );
});

test("changes of users and of the ring timeout replace nothing", async () => {
  expect(await plan({ users: [{ range: "1001-1100" }], ringTimeout: 30 })).toEqual([]);
});
