import { pretendDeployed } from "../support/deployed";
import { createStack, type TestStack } from "../support/pulumi";
import { MINIMAL } from "../support/settings";
import { type Okeanos, startOkeanos } from "./synnefo";

jest.setTimeout(300_000);

const CONFIG = {
  ...MINIMAL,
  cloud: "okeanos",
  zones: 2,
  flavor: "C1R1024D20drbd",
  operatorCidrs: ["203.0.113.0/24"],
};

let okeanos: Okeanos;
let stack: TestStack;

beforeAll(async () => {
  okeanos = await startOkeanos({
    images: [{ name: "pbx-asterisk-22" }, { name: "pbx-controller" }],
    users: [{ limits: { "cyclades.floating_ip": 3 } }],
  });
  stack = await createStack(undefined, {
    OS_AUTH_URL: okeanos.identityUrl,
    OS_TOKEN: okeanos.token,
  });
  await pretendDeployed(stack, CONFIG);
});

afterAll(async () => {
  stack.remove();
  await okeanos.stop();
});

async function preview(token: string): Promise<{ changes: string[]; messages: string[] }> {
  const variables = { OS_TOKEN: token };
  const { stdout } = await stack.run(["preview", "--json"], CONFIG, [], variables);
  const { steps, diagnostics } = JSON.parse(stdout) as {
    steps: { op: string; urn: string }[];
    diagnostics: { message: string }[];
  };
  return {
    changes: steps.filter(({ op }) => op !== "same").map(({ op, urn }) => `${op} ${urn}`),
    messages: diagnostics.map(({ message }) => message.trim()),
  };
}

test("a preview of the deployed exchange plans no change, and shows the quota that the update needs", async () => {
  expect(await preview(okeanos.token)).toEqual({
    changes: [],
    messages: [expect.stringMatching(/^quota that this update needs in Okeanos project system:/)],
  });
});

test("a preview without a token plans no change, and sends no request", async () => {
  const before = okeanos.requests.length;
  expect(await preview("")).toEqual({
    changes: [],
    messages: [expect.stringMatching(/^warning: OS_TOKEN is not set: /)],
  });
  expect(okeanos.requests.slice(before)).toEqual([]);
});
