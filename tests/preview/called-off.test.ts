import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { LocalWorkspace, type Stack } from "@pulumi/pulumi/automation";
import { backendUrl } from "../../stack/backend";
import { ROOT } from "../../core/paths";
import { exportedStack } from "../../stack/stack";
import { EXTERNAL_NETWORK_ID, type FakeCloud, startFakeCloud } from "../support/fake-cloud";

jest.setTimeout(120_000);

const MARK = "trunkline 0123456789ab";
const PROGRAM = `
const { networking } = require("@pulumi/openstack");
new networking.FloatingIp("zone1", { pool: "public", description: "${MARK} zone1" });
`;
const ADDRESS = {
  ...{ id: "address-zone1", status: "ACTIVE", floating_ip_address: "198.51.100.12" },
  ...{ floating_network_id: EXTERNAL_NETWORK_ID, description: `${MARK} zone1` },
};
/** What else may have a mark, and is not there. */
const NOTHING: Readonly<Record<string, unknown>> = {
  "/compute/servers/detail": { servers: [] },
  "/network/v2.0/ports": { ports: [] },
};

let cloud: FakeCloud;
let folder: string;
let stack: Stack;
let env: Record<string, string>;
/** What the cloud has: it makes an address whether or not anybody waits for it. */
let addresses: (typeof ADDRESS)[];
/** Takes the request for an address, with what answers it. */
let asked: (answer: () => void) => void;

beforeEach(async () => {
  addresses = [];
  cloud = await startFakeCloud(async (method, path) => {
    switch (`${method} ${path}`) {
      case "POST /network/v2.0/floatingips":
        addresses = [ADDRESS];
        await new Promise<void>((answer) => {
          asked(answer);
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
    ...{ OS_CLOUD: "", PULUMI_BACKEND_URL: backendUrl(`file://${join(folder, "state")}`) },
    ...{ PULUMI_CONFIG_PASSPHRASE: "of-tests-alone", PULUMI_CONFIG_PASSPHRASE_FILE: "" },
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

/** As a shell starts a job: in a process group of its own. */
function start(): ChildProcessByStdio<null, Readable, Readable> {
  const script = join(ROOT, "tests", "support", "update.ts");
  return spawn(process.execPath, ["--import", "tsx", script, folder, MARK], {
    ...{ cwd: ROOT, env: { ...process.env, ...env }, detached: true },
    stdio: ["ignore", "pipe", "pipe"],
  });
}

test.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)(
  "after %s Pulumi ends in order, and what the cloud has made all the same is deleted",
  async (signal) => {
    const request = new Promise<() => void>((resolve) => {
      asked = resolve;
    });
    const update = start();
    const said = text(update.stdout);
    const errors = text(update.stderr);
    const ended = once(update, "exit") as Promise<[number]>;
    const answer = await Promise.race([
      request,
      ended.then(async () => Promise.reject(new Error((await said) + (await errors)))),
    ]);
    // Whoever is at a terminal presses it more than once.
    for (let times = 1; times <= 2; times++) {
      process.kill(-(update.pid ?? 0), signal);
      await sleep(500);
    }
    answer();
    const [exitCode] = await ended;
    expect(await errors).toBe("trunkline: called off; the same command goes on from here\n");
    expect(exitCode).toBe(1);
    expect(await said).toMatch(/called off: ending what has begun\n/);
    expect(await said).toMatch(
      /\ndeleting floating address address-zone1 of zone1, which an update has left\ndone\n$/,
    );
    expect(addresses).toEqual([]);
    const { resources = [], pending_operations: pending = [] } = await exportedStack(stack);
    expect(pending).toEqual([]);
    expect(resources.filter(({ type }) => type.endsWith("FloatingIp"))).toEqual([]);
  },
);
