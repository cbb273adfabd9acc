import { MINIMAL } from "../support/settings";
import { createStack, type Run, type TestStack } from "../support/pulumi";
import { Machines, PUBLIC_CIDR } from "./machines";
import { type Okeanos, startOkeanos } from "./synnefo";

jest.setTimeout(20 * 60_000);

const CONFIG = {
  ...MINIMAL,
  cloud: "okeanos",
  flavor: "C1R1024D20drbd",
  operatorCidrs: [PUBLIC_CIDR],
};

let machines: Machines;
let okeanos: Okeanos;
let stack: TestStack;

beforeAll(async () => {
  machines = await Machines.create();
  okeanos = await startOkeanos({
    publicCidr: PUBLIC_CIDR,
    images: [{ name: "pbx-asterisk-22" }, { name: "pbx-controller" }],
    users: [{ limits: { "cyclades.floating_ip": 4 } }],
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

const up = (zones: number): Promise<Run> =>
  stack.run(["up", "--yes", "--skip-preview"], { ...CONFIG, zones });

test("an exchange comes, grows, shrinks and goes", async () => {
  const { exitCode, stdout, stderr } = await up(2);
  process.stderr.write(`${stdout}${stderr}`);
  expect(exitCode).toBe(0);
  expect(okeanos.unknownRequests).toEqual([]);
  for (const [args, config] of [
    [["up", "--yes", "--skip-preview"], { ...CONFIG, zones: 2 }],
    [["up", "--yes", "--skip-preview"], { ...CONFIG, zones: 3 }],
    [["up", "--yes", "--skip-preview"], { ...CONFIG, zones: 2 }],
    [["destroy", "--yes", "--skip-preview"], { ...CONFIG, zones: 2 }],
  ] as const) {
    const run = await stack.run(args, config);
    process.stderr.write(`${run.stdout}${run.stderr}`);
  }
  process.stderr.write(JSON.stringify(okeanos.books()));
});
