import { gunzipSync } from "node:zlib";
import { parse } from "yaml";
import { exchangeTag } from "../../../plan/derived-secrets";
import { type ProgramRun, type Registered, runPulumiProgram } from "../../support/program";
import { MASTER_SECRET, MINIMAL, STACK } from "../../support/settings";

const OKEANOS = {
  ...MINIMAL,
  cloud: "okeanos",
  zones: 2,
  flavor: "C2R2048D20drbd",
  operatorCidrs: ["203.0.113.0/24"],
};

let run: ProgramRun;

beforeAll(async () => {
  run = await runPulumiProgram(OKEANOS);
});

const label = ({ type, name }: Registered): string => `${type.split(":").at(-1) ?? ""} ${name}`;

function find(wanted: string): Registered {
  const found = run.resources.find((resource) => label(resource) === wanted);
  if (found === undefined) throw new Error(`the Pulumi program created no ${wanted}`);
  return found;
}

interface CloudConfig {
  readonly write_files: readonly { readonly path: string; readonly content: string }[];
}

function cloudConfig(name: string): CloudConfig {
  const bytes = Buffer.from(find(`Server ${name}`).inputs.userData as string, "base64");
  const text = (bytes.readUInt16BE() === 0x1f8b ? gunzipSync(bytes) : bytes).toString();
  return parse(text) as CloudConfig;
}

test("the Pulumi program creates only the expected resources for an exchange of two zones", () => {
  const nodes = ["controller", "zone1", "zone2"];
  expect(run.resources.map(label).sort()).toEqual(
    [
      "ExtendedZone zone2",
      "HaproxyController controller",
      "Network trunk",
      "PbxNode zone1",
      "TrunkNetwork trunk",
      "ZoneMembership zone1",
      "ZoneMembership zone2",
      "pbx nodes",
      ...nodes.flatMap((node) => [`FloatingIp ${node}`, `NodeConfig ${node}`, `Server ${node}`]),
    ].sort(),
  );
});

test("all Okeanos resources belong to the project that the preflight found", () => {
  const paying = run.resources.filter(({ type }) => type.startsWith("pbx:okeanos:"));
  expect(paying.map(({ inputs }) => inputs.project)).toEqual(paying.map(() => "project-id"));
});

test("the Pulumi program reserves the addresses in the stack's state, so that no other node reuses them", async () => {
  const outputs = {
    "urn:pulumi:test::pbx::pbx:okeanos:FloatingIp::zone1": {
      type: "pbx:okeanos:FloatingIp",
      outputs: { address: "203.0.113.7" },
    },
  };
  const { resources } = await runPulumiProgram(
    { ...OKEANOS, okeanosReuseAddresses: true },
    { "pulumi:pulumi:readStackResourceOutputs": { outputs } },
  );
  const addresses = resources.filter(({ type }) => type === "pbx:okeanos:FloatingIp");
  expect(addresses.map(({ inputs }) => inputs.reserved)).toEqual(
    addresses.map(() => ["203.0.113.7"]),
  );
});

describe("a preview without a token", () => {
  const { OS_TOKEN: token } = process.env;
  beforeEach(() => {
    delete process.env.OS_TOKEN;
    jest.spyOn(console, "warn").mockImplementation(() => undefined);
  });
  afterEach(() => {
    jest.restoreAllMocks();
    if (token !== undefined) process.env.OS_TOKEN = token;
  });

  /** The provider's answer to every function call. */
  const fault = { fault: "okeanos: OS_TOKEN is not set in the environment; see docs/okeanos.md" };
  const mute = { "pbx:okeanos:preflight": fault, "pbx:okeanos:getImage": fault };
  const preview = (outputs: Record<string, unknown>): Promise<ProgramRun> =>
    runPulumiProgram(
      OKEANOS,
      { ...mute, "pulumi:pulumi:readStackResourceOutputs": { outputs } },
      true,
    );
  const inputsOf = ({ resources }: ProgramRun, key: string): Record<string, unknown> =>
    Object.fromEntries(
      resources
        .filter(({ inputs }) => inputs[key] !== undefined)
        .map((resource) => [label(resource), resource.inputs[key]]),
    );
  const FLOATING_IPS = ["FloatingIp controller", "FloatingIp zone1", "FloatingIp zone2"];
  const SERVERS = ["Server controller", "Server zone1", "Server zone2"];

  test("uses the project and the images in the stack's state", async () => {
    const servers = {
      controller: "id-of-controller's",
      zone1: "id-of-zones",
      zone2: "id-of-zones",
    };
    const planned = await preview({
      "urn:pulumi:test::pbx::pbx:okeanos:Network::trunk": {
        type: "pbx:okeanos:Network",
        outputs: { project: "id-of-project" },
      },
      ...Object.fromEntries(
        Object.entries(servers).map(([name, image]) => [
          `urn:pulumi:test::pbx::pbx:okeanos:Server::${name}`,
          { type: "pbx:okeanos:Server", outputs: { image } },
        ]),
      ),
    });
    expect(inputsOf(planned, "project")).toEqual(
      Object.fromEntries(
        ["Network trunk", ...FLOATING_IPS, ...SERVERS].map((what) => [what, "id-of-project"]),
      ),
    );
    expect(inputsOf(planned, "image")).toEqual(
      Object.fromEntries(Object.entries(servers).map(([name, image]) => [`Server ${name}`, image])),
    );
  });

  test("of a new stack uses the names of images, and no project", async () => {
    const planned = await preview({});
    expect(inputsOf(planned, "project")).toEqual({});
    expect(Object.values(inputsOf(planned, "image"))).toEqual([
      "pbx-controller",
      "pbx-asterisk-22",
      "pbx-asterisk-22",
    ]);
  });
});

test("a server is on the trunk network, has a public address, and is replaced instead of resized", () => {
  const { inputs, secretInputs, dependencies, provider } = find("Server zone2");
  expect({ inputs: { ...inputs, userData: "…" }, secretInputs, dependencies, provider }).toEqual({
    inputs: {
      name: "zone2",
      owner: `${exchangeTag(MASTER_SECRET, STACK)} zone2`,
      project: "project-id",
      image: "pbx-asterisk-22-id",
      flavor: "C2R2048D20drbd",
      network: { id: "trunk-id", fixedIp: "192.168.0.3" },
      publicAddress: "198.51.100.12",
      metadata: { sipDriver: "pjsip" },
      userData: "…",
      replaceOn: ["flavor", "metadata"],
    },
    secretInputs: ["userData"],
    dependencies: ["FloatingIp zone2", "Network trunk"],
    provider: "pbx nodes",
  });
});

test("a server boots with its SSH keys, its firewall and its time source", () => {
  expect(cloudConfig("zone1")).toEqual({
    hostname: "zone1",
    ssh_deletekeys: true,
    ssh_keys: {
      ed25519_private: expect.stringMatching(/^-----BEGIN OPENSSH PRIVATE KEY-----/) as string,
      ed25519_public: expect.stringMatching(/^ssh-ed25519 \S+ zone1$/) as string,
    },
    write_files: [
      expect.objectContaining({ path: "/etc/trunkline/authorized_keys" }),
      expect.objectContaining({ path: "/etc/trunkline/root_authorized_keys" }),
      expect.objectContaining({ path: "/etc/nftables.conf" }),
      expect.objectContaining({ path: "/etc/chrony/chrony.conf" }),
    ],
  });
});

test("NodeConfig manages the firewall rules of a node", () => {
  const { files } = find("NodeConfig zone1").inputs as { files: Record<string, unknown> };
  expect(Object.keys(files)).toContain("/etc/nftables.conf");
});
