import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { LocalWorkspace, type Stack } from "@pulumi/pulumi/automation";
import { StackExecutor } from "../../autoscaler/stack-executor";
import { openstackCloud } from "../../clouds/openstack";
import { backendUrl } from "../../stack/backend";
import { releaseDeadLock } from "../../stack/lock";
import { exportedStack } from "../../stack/state";
import { type FakeCloud, startFakeCloud } from "../support/fake-cloud";

jest.setTimeout(300_000);

const TAG = "trunkline 0123456789ab";
const NEVER = new AbortController().signal;
/** A process ID above the maximum of the kernel. */
const NO_PROCESS = 2 ** 30;
const PROVIDER_ID = "00000000-0000-4000-8000-000000000000";
const PROVIDER = "urn:pulumi:test::pbx::pulumi:providers:openstack::default_3_15_2";

const addressUrn = (node: string): string =>
  `urn:pulumi:test::pbx::openstack:networking/floatingIp:FloatingIp::${node}`;
const addressOf = (node: string, id?: string) => {
  const inputs = { pool: "public", description: `${TAG} ${node}` };
  const type = "openstack:networking/floatingIp:FloatingIp";
  return {
    urn: addressUrn(node),
    type,
    custom: true,
    inputs,
    provider: `${PROVIDER}::${PROVIDER_ID}`,
    ...(id === undefined ? {} : { id, outputs: { ...inputs, address: "198.51.100.12" } }),
  };
};

/** An ID that a server and a floating IP share: some clouds number each kind of resource from 1. */
const SHARED_ID = "2";

/**
 * Returns the resources in the cloud, by path. Resources with `TAG` belong to this exchange. Of these, the state of the
 * stack has only the floating IP of zone2.
 */
const made = (): Record<string, { id: string; description?: string; metadata?: object }[]> => ({
  "/compute/servers": [
    { id: SHARED_ID, metadata: { sipDriver: "pjsip", mark: `${TAG} zone3` } },
    { id: "server-of-others", metadata: { mark: "trunkline 999999999999 zone3" } },
    { id: "server-without", metadata: {} },
  ],
  "/network/v2.0/floatingips": [
    { id: SHARED_ID, description: `${TAG} zone2` },
    { id: "address-zone3", description: `${TAG} zone3` },
    { id: "address-of-others", description: "trunkline 999999999999 zone3" },
  ],
  "/network/v2.0/ports": [
    { id: "port-zone3", description: `${TAG} zone3` },
    { id: "port-without", description: "" },
  ],
});

let things: ReturnType<typeof made>;
let deleted: string[];
let cloud: FakeCloud;
let folder: string;
let stack: Stack;
const said: string[] = [];
const environment = { ...process.env };

beforeAll(async () => {
  cloud = await startFakeCloud((method, path) => {
    const [, list = "", id] = /^(.*?)(?:\/([^/]+))?$/.exec(path) ?? [];
    if (path === "/compute/servers/detail") return { servers: things["/compute/servers"] };
    const key = path.split("/").at(-1) ?? "";
    if (things[path] !== undefined) return { [key]: things[path] };
    const found = things[list]?.find((thing) => thing.id === id);
    if (method === "DELETE" && found !== undefined) {
      things[list] = (things[list] ?? []).filter((thing) => thing !== found);
      deleted.push(found.id);
      return {};
    }
    return found && { floatingip: { ...found, floating_ip_address: "198.51.100.12" } };
  });
  folder = mkdtempSync(join(tmpdir(), "trunkline-killed-"));
  mkdirSync(join(folder, "state"));
  writeFileSync(join(folder, "Pulumi.yaml"), "name: pbx\nruntime: nodejs\nmain: index.ts\n");
  writeFileSync(join(folder, "index.ts"), "");
  Object.assign(process.env, cloud.environment);
  delete process.env.OS_CLOUD;
  stack = await LocalWorkspace.createStack(
    { stackName: "test", workDir: folder },
    {
      envVars: {
        ...cloud.environment,
        OS_CLOUD: "",
        PULUMI_BACKEND_URL: backendUrl(`file://${join(folder, "state")}`),
        PULUMI_CONFIG_PASSPHRASE: "of-tests-alone",
        PULUMI_CONFIG_PASSPHRASE_FILE: "",
      },
    },
  );
});

afterAll(async () => {
  process.env = environment;
  rmSync(folder, { recursive: true });
  await cloud.close();
});

beforeEach(async () => {
  things = made();
  deleted = [];
  said.length = 0;
  await stack.importStack({
    version: 3,
    deployment: {
      manifest: {},
      resources: [
        {
          urn: "urn:pulumi:test::pbx::pulumi:pulumi:Stack::pbx-test",
          custom: false,
          type: "pulumi:pulumi:Stack",
        },
        {
          urn: PROVIDER,
          custom: true,
          id: PROVIDER_ID,
          type: "pulumi:providers:openstack",
          inputs: { version: "3.15.2" },
          outputs: { version: "3.15.2" },
        },
        addressOf("zone2", SHARED_ID),
      ],
    },
  });
  pend({ type: "creating", resource: addressOf("zone3") });
});

/** Writes a pending operation to the state, as Pulumi does before a request. `importStack` would drop the operation. */
function pend(operation: object): void {
  const file = join(folder, "state", ".pulumi", "stacks", "pbx", "test.json");
  const state = JSON.parse(readFileSync(file, "utf8")) as { checkpoint: { latest: object } };
  Object.assign(state.checkpoint.latest, { pending_operations: [operation] });
  writeFileSync(file, JSON.stringify(state));
}

const executor = (): StackExecutor =>
  new StackExecutor({
    stack,
    cloud: () => openstackCloud({ flavor: "m1.small", tag: TAG }),
    observe: () => Promise.reject(new Error("observe is not used in this test")),
    inService: () => Promise.reject(new Error("inService is not used in this test")),
    exported: exportedStack,
    releaseDeadLock,
    refusals: () => Promise.resolve([]),
    onEvent: () => undefined,
    onChanged: () => undefined,
    say: (line) => said.push(line),
  });

function lockAs(pid: number): void {
  const locks = join(folder, "state", ".pulumi", "locks", "organization", "pbx", "test");
  mkdirSync(locks, { recursive: true });
  const lock = { pid, hostname: hostname(), username: "root", timestamp: new Date().toISOString() };
  writeFileSync(join(locks, "6a1b.json"), JSON.stringify(lock));
}

test("a repair deletes only the resources of this exchange that are not in its state", async () => {
  expect(await executor().hasPendingOperations()).toBe(true);
  expect(await executor().repair(NEVER)).toEqual({ kind: "done" });
  expect(deleted).toEqual([SHARED_ID, "address-zone3", "port-zone3"]);
  expect(said).toEqual([
    `deleting server ${SHARED_ID} of zone3, which an update left behind`,
    "deleting floating IP address-zone3 of zone3, which an update left behind",
    "deleting port port-zone3 of zone3, which an update left behind",
  ]);
  expect(await executor().hasPendingOperations()).toBe(false);
  const { resources } = (await stack.exportStack()).deployment as {
    resources: { id?: string }[];
  };
  expect(resources.flatMap(({ id }) => id ?? [])).toEqual([PROVIDER_ID, SHARED_ID]);
});

test("a repair and a change do nothing while an update is running", async () => {
  lockAs(process.pid);
  expect(await executor().repair(NEVER)).toEqual({ kind: "locked" });
  expect(await executor().change(2, NEVER)).toEqual({ kind: "locked" });
  expect(deleted).toEqual([]);
  await stack.cancel();
});

test("a repair releases the lock of a killed update", async () => {
  lockAs(NO_PROCESS);
  expect(await executor().repair(NEVER)).toEqual({ kind: "done" });
  expect(deleted).toEqual([SHARED_ID, "address-zone3", "port-zone3"]);
});

test("a repair fails and deletes nothing if the cloud does not list its resources", async () => {
  things = {};
  expect(await executor().repair(NEVER)).toMatchObject({ kind: "failed" });
  expect(deleted).toEqual([]);
});
