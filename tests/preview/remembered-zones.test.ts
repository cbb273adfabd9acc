import { pretendDeployed } from "../support/deployed";
import { type FakeCloud, IMAGE_ID, startFakeCloud } from "../support/fake-cloud";
import { createStack, type Run, type TestStack } from "../support/pulumi";
import { MINIMAL } from "../support/settings";

jest.setTimeout(300_000);

const CONFIG = {
  ...MINIMAL,
  operatorCidrs: ["203.0.113.0/24"],
  autoscale: { min: 2, max: 4, callsPerZone: 80 },
};
/** Number of zones in the state of the stack, which has scaled out. The configuration still has `pbx:zones` at 1. */
const IN_SERVICE = 3;
const FILE = { ...CONFIG, zones: 1 };

const SERVER = { image: IMAGE_ID, flavor: "m1.small" };
const names = (zones: number): string[] =>
  Array.from({ length: zones }, (_, index) => `zone${String(index + 1)}`);

/** Returns the part of the outputs of a successful update that the next update reads. */
const outputs = (zones: number): Record<string, unknown> => ({
  zones: names(zones).map((name) => ({ name })),
  servers: {
    controller: SERVER,
    ...Object.fromEntries(names(zones).map((name) => [name, { ...SERVER, sipDriver: "pjsip" }])),
  },
});

let cloud: FakeCloud;
let stack: TestStack;

beforeAll(async () => {
  cloud = await startFakeCloud();
  stack = await createStack(undefined, cloud.environment);
  const { autoscale: _, ...fixed } = CONFIG;
  await pretendDeployed(
    {
      ...stack,
      importResources: (resources) =>
        stack.importResources(
          resources.map((resource) =>
            "type" in resource && resource.type === "pulumi:pulumi:Stack"
              ? { ...resource, outputs: outputs(IN_SERVICE) }
              : resource,
          ),
        ),
    },
    { ...fixed, zones: IN_SERVICE },
  );
});

afterAll(async () => {
  stack.remove();
  await cloud.close();
});

/** Returns the number of zones in the plan, and the preview's message about that number; empty without a message. */
async function planned(
  config: Readonly<Record<string, unknown>>,
  wanted?: string,
): Promise<readonly [zones: number, said: string]> {
  const { stdout, stderr, exitCode } = await preview(config, wanted);
  expect([exitCode, stderr]).toEqual([0, ""]);
  const { steps, diagnostics } = JSON.parse(stdout) as {
    steps: { op: string; urn: string }[];
    diagnostics: { message: string }[];
  };
  const zones = steps.filter(({ op, urn }) => op !== "delete" && urn.includes(":Instance::zone"));
  const said = diagnostics.map(({ message }) => message).find((line) => /^\d+ zone/.test(line));
  return [zones.length, said?.trim() ?? ""];
}

const preview = (config: Readonly<Record<string, unknown>>, wanted = ""): Promise<Run> =>
  stack.run(["preview", "--json"], config, [], { TRUNKLINE_ZONES: wanted });

test("with pbx:autoscale, an operator's update keeps the zones in service, regardless of pbx:zones", async () => {
  expect(await planned(FILE)).toEqual([3, "3 zones: 3 are in service"]);
});

test("an operator's update brings the number of zones into the range of pbx:autoscale", async () => {
  const autoscale = { ...CONFIG.autoscale, min: 1, max: 2 };
  expect(await planned({ ...FILE, autoscale })).toEqual([
    2,
    "2 zones: 3 are in service, and pbx:autoscale allows 1 to 2",
  ]);
});

test("an update uses pbx:zones if pbx:autoscale is not set", async () => {
  expect(await planned({ ...FILE, zones: 2, autoscale: undefined })).toEqual([2, ""]);
});

test("an update uses the number of zones that the autoscaler requests with TRUNKLINE_ZONES", async () => {
  expect(await planned(FILE, "4")).toEqual([4, "4 zones: the autoscaler asks for 4"]);
});

test.each([
  ["5", FILE, "TRUNKLINE_ZONES is not a whole number from 2 to 4"],
  ["1", FILE, "TRUNKLINE_ZONES is not a whole number from 2 to 4"],
  ["three", FILE, "TRUNKLINE_ZONES is not a whole number from 2 to 4"],
  ["3", { ...FILE, autoscale: undefined }, "TRUNKLINE_ZONES is set, but pbx:autoscale is not"],
])("an update rejects TRUNKLINE_ZONES=%s (case %#)", async (wanted, config, fault) => {
  const { stdout, stderr, exitCode } = await preview(config, wanted);
  expect(exitCode).not.toBe(0);
  expect(stdout + stderr).toContain(fault);
});

test("the update that follows a failed update keeps the zones in service", async () => {
  // The fake cloud answers the request for a floating IP with 404.
  const { stdout, exitCode } = await stack.run(["up", "--yes", "--skip-preview"], FILE, [], {
    TRUNKLINE_ZONES: "4",
  });
  expect(exitCode).not.toBe(0);
  expect(stdout).toContain("Error creating openstack_networking_floatingip_v2");
  const { resources, pending_operations: pending = [] } = await stack.exported();
  expect(pending).toEqual([]);
  expect(resources.find(({ type }) => type === "pulumi:pulumi:Stack")?.outputs).toEqual(
    outputs(IN_SERVICE),
  );
  expect(await planned(FILE)).toEqual([3, "3 zones: 3 are in service"]);
});
