import { join } from "node:path";
import { createStack, type TestStack } from "../support/pulumi";
import { type Okeanos, startOkeanos } from "./synnefo";

jest.setTimeout(300_000);

const EMPTY = { servers: [], networks: [], ports: [], floatingIps: [], keyPairs: [] };

let okeanos: Okeanos;
let stack: TestStack;

beforeAll(async () => {
  okeanos = await startOkeanos();
  stack = await createStack(join(__dirname, "stock-provider"), {
    OS_AUTH_URL: okeanos.identityUrl,
    OS_TOKEN: okeanos.token,
  });
});

afterAll(async () => {
  await okeanos.stop();
  stack.remove();
});

const pulumi = async (...args: string[]): Promise<string> => {
  const { exitCode, stdout, stderr } = await stack.run(args, {});
  expect([exitCode, stderr, exitCode === 0 ? "" : stdout]).toEqual([0, "", ""]);
  return stdout;
};

test("the stock provider creates a key pair, a network and its subnet, and a refresh finds them", async () => {
  await pulumi("up", "--yes", "--skip-preview");
  expect(okeanos.remaining()).toEqual({ ...EMPTY, networks: ["trunk"], keyPairs: ["access"] });
  await pulumi("up", "--yes", "--skip-preview", "--refresh", "--expect-no-changes");
});

test("a destroy deletes all resources", async () => {
  await pulumi("destroy", "--yes", "--skip-preview");
  expect(okeanos.remaining()).toEqual(EMPTY);
});

test("the stock provider sends no request that the API does not have", () => {
  expect(okeanos.unknownRequests).toEqual([]);
});
