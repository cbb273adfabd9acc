import { setTimeout as sleep } from "node:timers/promises";
import { createStack, type TestStack } from "../support/pulumi";
import { MINIMAL } from "../support/settings";
import { client } from "./client";
import { Machines, PUBLIC_CIDR } from "./machines";
import { type Failure, failEachOnce, kindOf, type Okeanos, startOkeanos } from "./synnefo";

jest.setTimeout(20 * 60_000);

const CONFIG = {
  ...MINIMAL,
  cloud: "okeanos",
  flavor: "C1R1024D20drbd",
  operatorCidrs: [PUBLIC_CIDR],
};

const EMPTY = { servers: [], networks: [], ports: [], floatingIps: [], keyPairs: [] };

let machines: Machines;
let okeanos: Okeanos;
let stack: TestStack;

beforeAll(async () => {
  machines = await Machines.create();
  okeanos = await startOkeanos({
    publicCidr: PUBLIC_CIDR,
    images: [{ name: "pbx-asterisk-22" }, { name: "pbx-controller" }],
    // These quotas suffice for exactly three zones and the controller.
    users: [{ limits: { "cyclades.floating_ip": 4, "cyclades.network.private": 1 } }],
    hypervisor: machines,
  });
  stack = await createStack(undefined, {
    OS_AUTH_URL: okeanos.identityUrl,
    OS_TOKEN: okeanos.token,
  });
});

afterAll(async () => {
  stack.remove();
  await okeanos.stop();
  await machines.remove();
});

interface Outcome {
  readonly exitCode: number;
  /** Number of resources by kind of change, such as `{ created: 18 }`. */
  readonly changes: Readonly<Record<string, number>>;
  readonly output: string;
}

async function pulumi(
  command: "up" | "destroy",
  zones: number,
  variables: Readonly<Record<string, string>> = {},
  ...flags: readonly string[]
): Promise<Outcome> {
  const args = [command, "--yes", "--skip-preview", ...flags];
  const config = { ...CONFIG, zones };
  const { exitCode, stdout, stderr } = await stack.run(args, config, [], variables);
  const [, summary = ""] = stdout.split(/^Resources:$/m);
  const changes = Array.from(
    summary.matchAll(/(\d+) (created|updated|deleted|replaced|unchanged|errored)/g),
    ([, count, what = ""]): [string, number] => [what, Number(count)],
  );
  return { exitCode, changes: Object.fromEntries(changes), output: stdout + stderr };
}

/** Runs a command until it succeeds, at most 20 times. Returns the number of runs. */
async function repeated(...command: Parameters<typeof pulumi>): Promise<number> {
  for (let count = 1; ; count++) {
    const { exitCode, output } = await pulumi(...command);
    if (exitCode === 0) return count;
    if (count === 20) throw new Error(output);
  }
}

/** Sends a command to the worker of the controller's HAProxy. */
const askHaproxy = (command: string): Promise<string> =>
  machines
    .node("controller")
    .inside([
      "/bin/sh",
      "-c",
      'echo "@1 $0" | socat - UNIX-CONNECT:/run/haproxy/master.sock',
      command,
    ]);

test("an exchange is created, updated without and with --target, scaled out and in, and destroyed", async () => {
  expect(await pulumi("up", 2)).toMatchObject({ exitCode: 0, changes: { created: 18 } });
  expect(await pulumi("up", 2)).toMatchObject({ exitCode: 0, changes: { unchanged: 18 } });

  // The update with --target has only zone2's membership. So no NodeConfig tells the provider which zones the program
  // declares.
  await askHaproxy("set server nodes/zone2 state drain");
  const target = ["--refresh", "--target", "**ZoneMembership::zone2"];
  expect(await pulumi("up", 2, {}, ...target)).toMatchObject({
    exitCode: 0,
    changes: { updated: 1 },
  });
  expect(await askHaproxy("show stat nodes 4 -1")).toMatch(/^nodes,zone2,.*,UP,/m);

  expect(await pulumi("up", 3)).toMatchObject({
    exitCode: 0,
    changes: { created: 5, updated: 3, unchanged: 15 },
  });
  expect(okeanos.remaining()).toMatchObject({ servers: { length: 4 }, floatingIps: { length: 4 } });
  expect(await pulumi("up", 2)).toMatchObject({
    exitCode: 0,
    changes: { deleted: 5, updated: 3, unchanged: 15 },
  });
  expect(await pulumi("destroy", 2)).toMatchObject({ exitCode: 0, changes: { deleted: 18 } });
  expect(okeanos.remaining()).toEqual(EMPTY);
  expect(okeanos.unknownRequests).toEqual([]);
});

test("the lost server of the only zone is replaced, and the new server enters the rotation", async () => {
  expect(await pulumi("up", 1)).toMatchObject({ exitCode: 0 });
  const ask = client(okeanos);
  const { body } = await ask("GET", "/compute/v2.0/servers");
  const lost = (body.servers as { id: number; name: string }[]).find(
    ({ name }) => name === "zone1",
  );
  await ask("DELETE", `/compute/v2.0/servers/${String(lost?.id)}`);
  while (okeanos.remaining().servers.includes("zone1")) await sleep(100);

  const { exitCode, output } = await pulumi("up", 1, {}, "--refresh");
  expect([exitCode, output]).toEqual([0, expect.stringContaining("in the rotation")]);
  expect(await pulumi("up", 1)).toMatchObject({ exitCode: 0, changes: { unchanged: 13 } });
  expect(await pulumi("destroy", 1)).toMatchObject({ exitCode: 0 });
  expect(okeanos.remaining()).toEqual(EMPTY);
});

test("an update with too little quota creates nothing, and names the missing resources", async () => {
  const { exitCode, output } = await pulumi("up", 4);
  expect(exitCode).not.toBe(0);
  expect(output).toContain(
    "error: Okeanos has too little free quota for this update: servers (cyclades.vm): 5 needed, 4 free; " +
      "public addresses (cyclades.floating_ip): 5 needed, 4 free; nothing was changed. " +
      "Free some of the quota, or request more.",
  );
  expect(output).not.toMatch(/^\s+at /m);
  expect(okeanos.remaining()).toEqual(EMPTY);
  await repeated("destroy", 4);
});

/** Kinds of requests at the start of each update. */
const READING = ["POST tokens", "GET projects", "GET quotas", "GET servers/detail"];
/** Further kinds of requests of an update that adds a zone. */
const CREATING = [
  "GET flavors/detail",
  "GET images/detail",
  "GET networks",
  "GET floatingips",
  "POST floatingips",
  "POST servers",
  "GET servers/*",
];
/** Further kinds of requests of a command that deletes a zone. */
const DELETING = ["DELETE servers/*", "GET servers/*", "DELETE floatingips/*", "GET floatingips"];

/** Commands, numbers of zones, and kinds of requests that each command always sends. */
const COMMANDS = [
  ["up", 1, [...READING, ...CREATING, "POST networks", "POST subnets"]],
  ["up", 2, [...READING, ...CREATING]],
  ["up", 1, [...READING, ...DELETING]],
  ["destroy", 1, ["POST tokens", ...DELETING, "DELETE networks/*"]],
] as const;

/** Timeout of a request, in seconds. The simulated cloud answers sooner, or never. */
const TIMEOUT = { TRUNKLINE_OKEANOS_TIMEOUT: "1" };

test.each<[string, Failure]>([
  ["500", { status: 500 }],
  ["503", { status: 503 }],
  ["413", { status: 413 }],
  ["a broken connection", { reset: true }],
  // The case of neither an effect nor an answer is left out here. It is in provider.test.ts.
  ["an effect but no answer", { silence: true, lost: true }],
])(
  "if each kind of request fails once with %s, commands succeed when they are repeated",
  async (_, failure) => {
    for (const [command, zones, kinds] of COMMANDS) {
      const begin = okeanos.requests.length;
      okeanos.fail(failEachOnce(failure));
      await repeated(command, zones, TIMEOUT);
      const failed = okeanos.requests.slice(begin).filter((request) => request.failed);
      expect(failed.map(kindOf)).toEqual(expect.arrayContaining([...kinds]));
    }
    okeanos.fail(undefined);
    expect(okeanos.remaining()).toEqual(EMPTY);
  },
);
