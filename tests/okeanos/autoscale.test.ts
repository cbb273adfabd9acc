import { execFile } from "node:child_process";
import { OkeanosClient as Client } from "../../clouds/okeanos/client";
import { eventually } from "../calls/support/eventually";
import { AutoscalerProcess, cloneAutoscaler } from "../lab/autoscaler-process";
import { type Deployment, newDeployment } from "../lab/deployment";
import type { Run } from "../support/pulumi";
import { Machines, PUBLIC_CIDR } from "./machines";
import { failNext, kindOf, type Okeanos, startOkeanos } from "./synnefo";

jest.setTimeout(5 * 60_000);

const SMALL = "C1R1024D20drbd";
/** These tests have no load, and one sample is enough to scale in. So the policy wants `min` zones. */
const POLICY = {
  min: 2,
  max: 3,
  callsPerZone: 4,
  spareCalls: 0,
  interval: 1,
  window: 1,
  scaleInAfter: 1,
  cooldownOut: 0,
  cooldownIn: 0,
};

let machines: Machines;
let okeanos: Okeanos;
let client: Client;
let deployment: Deployment;

beforeAll(async () => {
  machines = await Machines.create();
  okeanos = await startOkeanos({
    publicCidr: PUBLIC_CIDR,
    images: [{ name: "pbx-asterisk-22" }, { name: "pbx-controller" }],
    users: [{ limits: { "cyclades.floating_ip": 4, "cyclades.network.private": 1 } }],
    hypervisor: machines,
  });
  client = new Client(okeanos.identityUrl, okeanos.token);
  deployment = await newDeployment(
    {
      cloud: "okeanos",
      flavor: SMALL,
      controllerFlavor: SMALL,
      zones: "2",
      operatorCidrs: JSON.stringify([PUBLIC_CIDR]),
      users: JSON.stringify([{ range: "1001-1004" }]),
      autoscale: JSON.stringify(POLICY),
    },
    { OS_AUTH_URL: okeanos.identityUrl, OS_TOKEN: okeanos.token },
  );
  cloneAutoscaler(deployment);
  await deployment.stack.up({ color: "never" });
});

afterAll(async () => {
  deployment.remove();
  await okeanos.stop();
  await machines.remove();
});

/** Runs a program of `cli/` for the deployed stack. */
function cli(program: string, ...args: readonly string[]): Promise<Run> {
  const { directory, stack } = deployment;
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      ["--import", "tsx", `cli/${program}.ts`, ...args, "--stack", stack.name],
      { cwd: directory, env: { ...process.env, ...stack.workspace.envVars } },
      (error, stdout, stderr) => {
        resolve({ exitCode: Number(error?.code ?? 0), stdout, stderr });
      },
    );
  });
}

const configure = (key: string, value: string): Promise<void> =>
  deployment.stack.setConfig(`pbx:${key}`, { value });

const atLeast = (min: number): Promise<void> =>
  configure("autoscale", JSON.stringify({ ...POLICY, min }));

/** Returns the names of the existing servers, and the numbers of other resources in the cloud. */
function counts() {
  const { servers, networks, ports, floatingIps } = okeanos.remaining();
  return {
    servers: [...servers].sort(),
    networks: networks.length,
    ports: ports.length,
    addresses: floatingIps.length,
  };
}

const exchangeOf = (zones: readonly string[]) => ({
  servers: ["controller", ...zones],
  networks: 1,
  ports: 2 * (1 + zones.length),
  addresses: 1 + zones.length,
});

/** Returns a line for each zone, such as `zone1 ready, reaches zone2`. */
async function zones(): Promise<string[]> {
  const { stdout } = await cli("pbx", "zones", "--json");
  const found = JSON.parse(stdout) as {
    name: string;
    place: { state: string } | null;
    trunkPeers: { name: string; latency: number | null }[] | null;
  }[];
  return found.map(({ name, place, trunkPeers }) => {
    const reached = (trunkPeers ?? []).filter(({ latency }) => latency !== null);
    const names = reached.map((peer) => peer.name).sort();
    return `${name} ${place?.state ?? "?"}, reaches ${names.join(" ")}`;
  });
}

test("pbx shows the zones of the exchange", async () => {
  expect(await zones()).toEqual(["zone1 ready, reaches zone2", "zone2 ready, reaches zone1"]);
  const { exitCode, stdout } = await cli("pbx", "status");
  expect(exitCode).toBe(0);
  expect(stdout).toMatch(/│ zone1 +│ ready +│ 0 +│ 0 +│ .* │ 1 of 1 +│/);
  expect(stdout).toMatch(/│ zone2 +│ ready +│ 0 +│ 0 +│ .* │ 1 of 1 +│/);
});

test("a quota that is too small prevents a scale-out, and the message names the quota", async () => {
  const { floatingip } = await client.post<{ floatingip: { id: string } }>(
    "network",
    "floatingips",
    { floatingip: {} },
  );
  await atLeast(3);
  const { exitCode, stdout } = await cli("autoscale", "--once");
  expect(stdout).toContain(
    "the cloud's quota has room for 0 more zones " +
      "(0 of 4 public addresses left, and a zone needs 1)",
  );
  expect(exitCode).toBe(0);
  await client.delete("network", `floatingips/${floatingip.id}`);
  expect(counts()).toEqual(exchangeOf(["zone1", "zone2"]));
});

test("a zone is added if the quota allows it", async () => {
  const { exitCode, stdout } = await cli("autoscale", "--once");
  expect(stdout).toContain("done: from 2 to 3 zones");
  expect(exitCode).toBe(0);
  expect(counts()).toEqual(exchangeOf(["zone1", "zone2", "zone3"]));
  expect(await zones()).toEqual([
    "zone1 ready, reaches zone2 zone3",
    "zone2 ready, reaches zone1 zone3",
    "zone3 ready, reaches zone1 zone2",
  ]);
});

test("an operator drains a zone and puts it back into the rotation", async () => {
  expect((await cli("pbx", "drain", "zone3")).exitCode).toBe(0);
  expect((await zones())[2]).toBe("zone3 drain, reaches zone1 zone2");
  expect((await cli("pbx", "undrain", "zone3")).exitCode).toBe(0);
  expect((await zones())[2]).toBe("zone3 ready, reaches zone1 zone2");
});

test("the guard reports how changes affect callers", async () => {
  expect(await cli("guard")).toMatchObject({
    exitCode: 0,
    stdout: "callers will notice nothing\n",
  });
  await configure("flavor", "C2R2048D20drbd");
  const other = await cli("guard");
  expect(other.stdout).toContain("│ zone1: server replaced │ zone1 drains, is replaced, and");
  expect(other.stdout).toMatch(/^callers will notice nothing$/m);
  expect(other.exitCode).toBe(0);
  await configure("controllerFlavor", "C2R2048D20drbd");
  const controller = await cli("guard");
  expect(controller.stdout).toContain("allow the change with: --allow-controller");
  expect(controller.exitCode).toBe(1);
  await configure("flavor", SMALL);
  await configure("controllerFlavor", SMALL);
});

test("a scale-in is held while the configuration has an edit that affects callers", async () => {
  await atLeast(2);
  await configure("controllerFlavor", "C2R2048D20drbd");
  await configure("drainForce", "true");
  const { exitCode, stdout } = await cli("autoscale", "--once");
  expect(stdout).toContain(
    "held: the guard refuses: " +
      "controller: server replaced: choose a time with few calls, and allow the change with: --allow-controller; " +
      "zone3: server deleted: pbx:drainForce is true: calls of zone3 may be cut; set it to false",
  );
  expect(exitCode).toBe(2);
  expect(counts()).toEqual(exchangeOf(["zone1", "zone2", "zone3"]));
  await configure("controllerFlavor", SMALL);
  await configure("drainForce", "false");
});

test("a zone is removed when it is no longer needed", async () => {
  const { exitCode, stdout } = await cli("autoscale", "--once");
  expect(stdout).toContain("done: from 3 to 2 zones");
  expect(exitCode).toBe(0);
  expect(counts()).toEqual(exchangeOf(["zone1", "zone2"]));
});

test("after a killed scale-out, the autoscaler deletes the new address and the new, unrecorded server", async () => {
  await atLeast(3);
  const killed = AutoscalerProcess.start(deployment, "--once");
  try {
    await eventually("server zone3", 60, () =>
      Promise.resolve(okeanos.remaining().servers.includes("zone3") ? true : null),
    );
  } finally {
    await killed.kill({ withChildren: true });
  }
  await atLeast(2);
  const begin = okeanos.requests.length;
  const { exitCode, stdout } = await cli("autoscale", "--once");
  expect(stdout).toMatch(/deleting server \d+ of zone3, which an update left behind/);
  expect(stdout).toContain("done: repairing an unfinished change, at 2 zones");
  expect(exitCode).toBe(0);
  expect(counts()).toEqual(exchangeOf(["zone1", "zone2"]));
  const deleted = okeanos.requests.slice(begin).filter(({ method }) => method === "DELETE");
  expect(deleted.map(kindOf).sort()).toEqual(["DELETE floatingips/*", "DELETE servers/*"]);
});

test("a scale-out that the cloud refuses is rolled back and counted as a failure", async () => {
  await atLeast(3);
  okeanos.fail(
    failNext(({ method, path }) => method === "POST" && path.endsWith("/servers"), { status: 413 }),
  );
  const { exitCode, stdout } = await cli("autoscale", "--once");
  expect(stdout).toMatch(/failed: from 2 to 3 zones: .*; done: back to 2 zones/);
  expect(exitCode).toBe(2);
  expect(counts()).toEqual(exchangeOf(["zone1", "zone2"]));
  expect((await cli("autoscale", "--once")).stdout).toContain("but adding zones failed once, last");
});

test("a destroy leaves no resource in the cloud", async () => {
  await deployment.stack.destroy({ color: "never" });
  expect(okeanos.remaining()).toEqual({
    servers: [],
    networks: [],
    ports: [],
    floatingIps: [],
    keyPairs: [],
  });
  expect(okeanos.unknownRequests).toEqual([]);
});
