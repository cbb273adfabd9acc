import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { LocalWorkspace, type Stack } from "@pulumi/pulumi/automation";
import { ROOT } from "../../core/paths";
import { backendUrl } from "../../stack/backend";
import { exportedStack } from "../../stack/state";
import { EXTERNAL_NETWORK_ID, type FakeCloud, startFakeCloud } from "../support/fake-cloud";

jest.setTimeout(120_000);

const TAG = "trunkline 0123456789ab";
const PROGRAM = `
const { networking } = require("@pulumi/openstack");
new networking.FloatingIp("zone1", { pool: "public", description: "${TAG} zone1" });
`;
const ADDRESS = {
  id: "address-zone1",
  status: "ACTIVE",
  floating_ip_address: "198.51.100.12",
  floating_network_id: EXTERNAL_NETWORK_ID,
  description: `${TAG} zone1`,
};
/** Empty lists of the other kinds of tagged resources. */
const NOTHING: Readonly<Record<string, unknown>> = {
  "/compute/servers/detail": { servers: [] },
  "/network/v2.0/ports": { ports: [] },
};

let cloud: FakeCloud;
let folder: string;
let stack: Stack;
let env: Record<string, string>;
/** Floating IPs in the cloud. The cloud creates one even if the client does not wait for the answer. */
let addresses: (typeof ADDRESS)[];
/** Called when the request to create the floating IP has arrived. `answer` sends the answer. */
let onRequest: (answer: () => void) => void;

beforeEach(async () => {
  addresses = [];
  cloud = await startFakeCloud(async (method, path) => {
    switch (`${method} ${path}`) {
      case "POST /network/v2.0/floatingips":
        addresses = [ADDRESS];
        await new Promise<void>((answer) => {
          onRequest(answer);
        });
        return { floatingip: ADDRESS };
      case "GET /network/v2.0/floatingips":
        return { floatingips: addresses };
      case `DELETE /network/v2.0/floatingips/${ADDRESS.id}`:
        addresses = [];
        return {};
      default:
        return NOTHING[path];
    }
  });
  folder = mkdtempSync(join(tmpdir(), "trunkline-called-off-"));
  mkdirSync(join(folder, "state"));
  symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"));
  writeFileSync(join(folder, "Pulumi.yaml"), "name: pbx\nruntime: nodejs\nmain: index.js\n");
  writeFileSync(join(folder, "package.json"), '{ "name": "pbx" }');
  writeFileSync(join(folder, "index.js"), PROGRAM);
  env = {
    ...cloud.environment,
    OS_CLOUD: "",
    PULUMI_BACKEND_URL: backendUrl(`file://${join(folder, "state")}`),
    PULUMI_CONFIG_PASSPHRASE: "of-tests-alone",
    PULUMI_CONFIG_PASSPHRASE_FILE: "",
  };
  stack = await LocalWorkspace.createStack(
    { stackName: "test", workDir: folder },
    { envVars: env },
  );
});

afterEach(async () => {
  await cloud.close();
  rmSync(folder, { recursive: true });
});

/** Starts an update in its own process group, as a shell does. */
function start(): ChildProcessByStdio<null, Readable, Readable> {
  const script = join(ROOT, "tests", "support", "update.ts");
  return spawn(process.execPath, ["--import", "tsx", script, folder, TAG], {
    cwd: ROOT,
    env: { ...process.env, ...env },
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
}

test.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)(
  "after %s, an update waits until Pulumi ends, and deletes a floating IP that Pulumi left behind",
  async (signal) => {
    const request = new Promise<() => void>((resolve) => {
      onRequest = resolve;
    });
    const update = start();
    const said = text(update.stdout);
    const errors = text(update.stderr);
    const ended = once(update, "exit") as Promise<[number]>;
    const answer = await Promise.race([
      request,
      ended.then(async () => Promise.reject(new Error((await said) + (await errors)))),
    ]);
    // An operator may press Ctrl-C more than once.
    for (let times = 1; times <= 2; times++) {
      process.kill(-(update.pid ?? 0), signal);
      await sleep(500);
    }
    answer();
    const [exitCode] = await ended;
    expect(await errors).toBe("trunkline: cancelled; run the same command again to continue\n");
    expect(exitCode).toBe(1);
    expect(await said).toMatch(/cancelled: waiting for running operations to end\n/);
    expect(await said).toMatch(
      /\ndeleting floating IP address-zone1 of zone1, which an update left behind\ndone\n$/,
    );
    expect(addresses).toEqual([]);
    const { resources = [], pending_operations: pending = [] } = await exportedStack(stack);
    expect(pending).toEqual([]);
    expect(resources.filter(({ type }) => type.endsWith("FloatingIp"))).toEqual([]);
  },
);
