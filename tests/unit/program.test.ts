import { gunzipSync } from "node:zlib";
import { type ProgramRun, type Registered, runProgram } from "../support/program";
import { MASTER_SECRET, MINIMAL } from "../support/settings";

const runs = new Map<string, Promise<ProgramRun>>();

/** The program on `MINIMAL` with `changes`; the same ones are run once. */
function run(changes: Readonly<Record<string, unknown>> = {}): Promise<ProgramRun> {
  const key = JSON.stringify(changes);
  const result = runs.get(key) ?? runProgram({ ...MINIMAL, ...changes });
  runs.set(key, result);
  return result;
}

/** Two zones, and every key that the tests below look for in the resources. */
const TWO_ZONES = {
  zones: 2,
  users: [{ extension: "1001", secret: "an-own-secret" }],
  trunkCidr: "10.9.8.0/24",
  operatorCidrs: ["203.0.113.0/24", "198.51.100.7/32"],
  controllerImage: "our-haproxy",
  controllerFlavor: "m1.tiny",
};

const label = ({ type, name }: Registered): string => `${type.split(":").at(-1) ?? ""} ${name}`;

const labels = ({ resources }: ProgramRun): string[] => resources.map(label).sort();

function find({ resources }: ProgramRun, wanted: string): Registered {
  const found = resources.find((resource) => label(resource) === wanted);
  if (found === undefined) {
    throw new Error(`the program made no ${wanted}`);
  }
  return found;
}

/** What a server is told at its first boot. */
const userData = ({ inputs }: Registered): string =>
  gunzipSync(Buffer.from(inputs.userData as string, "base64")).toString();

const SHARED = [
  "HaproxyController controller",
  "Keypair operator",
  "Network trunk",
  "Router trunk",
  "RouterInterface trunk",
  "SecGroup controller",
  "SecGroup zone",
  "SecGroupRule controller-sip",
  "SecGroupRule zone-iax2",
  "SecGroupRule zone-rtp",
  "SecGroupRule zone-sip",
  "SecGroupRule zone-ssh",
  "SecurityGroups exchange",
  "Subnet trunk",
  "TrunkNetwork trunk",
];

const nodeOf = (name: string): string[] => [
  `FloatingIp ${name}`,
  `FloatingIpAssociate ${name}`,
  `Instance ${name}`,
  `Port ${name}`,
];

describe("resources", () => {
  test.each([
    [{}, ["PbxNode zone1"]],
    [TWO_ZONES, ["PbxNode zone1", "ExtendedZone zone2"]],
    [{ zones: 3 }, ["PbxNode zone1", "ExtendedZone zone2", "ExtendedZone zone3"]],
  ])("%j: these and no other", async (changes, components) => {
    const nodes = ["controller", ...components.map((component) => component.split(" ")[1] ?? "")];
    const ssh = changes === TWO_ZONES ? TWO_ZONES.operatorCidrs : [];
    expect(labels(await run(changes))).toEqual(
      [
        ...SHARED,
        ...components,
        ...nodes.flatMap(nodeOf),
        ...ssh.map((cidr) => `SecGroupRule controller-ssh-${cidr}`),
      ].sort(),
    );
  });

  test("every resource of a node belongs to the node's component", async () => {
    const { resources } = await run(TWO_ZONES);
    const parents = resources
      .filter(({ name, type }) => name === "zone2" && type.startsWith("openstack:"))
      .map(({ parent }) => parent);
    expect(new Set(parents)).toEqual(new Set(["ExtendedZone zone2"]));
  });
});

describe("security groups", () => {
  test("let in this and nothing else", async () => {
    const { resources } = await run(TWO_ZONES);
    const rules = resources
      .filter(({ type }) => type.endsWith(":SecGroupRule"))
      .map(({ inputs }) => {
        const { direction, ethertype, protocol, portRangeMin, portRangeMax } = inputs;
        const from = inputs.remoteIpPrefix ?? inputs.remoteGroupId;
        return [inputs.securityGroupId, direction, ethertype, protocol, portRangeMin, portRangeMax]
          .concat("from", from)
          .join(" ");
      });
    expect(rules.sort()).toEqual([
      "controller-id ingress IPv4 tcp 22 22 from 198.51.100.7/32",
      "controller-id ingress IPv4 tcp 22 22 from 203.0.113.0/24",
      "controller-id ingress IPv4 tcp 5060 5060 from 0.0.0.0/0",
      "zone-id ingress IPv4 tcp 22 22 from controller-id",
      "zone-id ingress IPv4 tcp 5060 5060 from controller-id",
      "zone-id ingress IPv4 udp 10000 10999 from 0.0.0.0/0",
      "zone-id ingress IPv4 udp 4569 4569 from zone-id",
    ]);
  });

  test("nobody has SSH unless the configuration says so", async () => {
    expect(labels(await run()).filter((name) => name.includes("controller-ssh"))).toEqual([]);
  });

  test("each node is in its own group alone", async () => {
    const program = await run(TWO_ZONES);
    expect(
      ["controller", "zone1", "zone2"].map(
        (name) => find(program, `Port ${name}`).inputs.securityGroupIds,
      ),
    ).toEqual([["controller-id"], ["zone-id"], ["zone-id"]]);
  });
});

describe("servers", () => {
  test.each(["controller", "zone1", "zone2"])(
    "%s: user data is a secret, and a later change of it replaces nothing",
    async (name) => {
      const server = find(await run(TWO_ZONES), `Instance ${name}`);
      expect(server.secretInputs).toEqual(["userData"]);
      expect(server.additionalSecretOutputs).toContain("userData");
      expect(server.ignoreChanges).toEqual(["userData"]);
    },
  );

  test("a server waits for its port and its address, not for the router", async () => {
    const { dependencies } = find(await run(TWO_ZONES), "Instance zone2");
    expect(dependencies).toEqual([
      "FloatingIp controller",
      "FloatingIp zone2",
      "Keypair operator",
      "Network trunk",
      "Port zone2",
    ]);
  });

  test("an address is attached once there is a way out of the network", async () => {
    const { dependencies } = find(await run(), "FloatingIpAssociate zone1");
    expect(dependencies).toContain("RouterInterface trunk");
  });

  test("planned addresses become fixed addresses, outside Neutron's pool", async () => {
    const program = await run(TWO_ZONES);
    const fixedIps = ["controller", "zone1", "zone2"].map((name) => {
      const [fixedIp] = find(program, `Port ${name}`).inputs.fixedIps as { ipAddress: string }[];
      return fixedIp?.ipAddress;
    });
    expect(fixedIps).toEqual(["10.9.8.254", "10.9.8.2", "10.9.8.3"]);
    expect(find(program, "Subnet trunk").inputs).toMatchObject({
      cidr: "10.9.8.0/24",
      gatewayIp: "10.9.8.1",
      allocationPools: [{ start: "10.9.8.250", end: "10.9.8.253" }],
    });
  });

  test("a zone knows its own public address and the controller's", async () => {
    const data = userData(find(await run(TWO_ZONES), "Instance zone2"));
    expect(data).toContain("external_signaling_address=198.51.100.10");
    expect(data).toContain("external_media_address=198.51.100.12");
    expect(data).toContain("[zone1](zone)");
  });

  test("the controller has its own image and flavor", async () => {
    const program = await run(TWO_ZONES);
    expect(find(program, "Instance controller").inputs).toMatchObject({
      imageName: "our-haproxy",
      flavorName: "m1.tiny",
    });
    expect(find(program, "Instance zone1").inputs).toMatchObject({
      imageName: "pbx-asterisk-22",
      flavorName: "m1.small",
    });
  });

  test("the master secret is on no server, and in no input", async () => {
    const { resources } = await run(TWO_ZONES);
    const servers = resources.filter(({ type }) => type.endsWith(":Instance"));
    expect(servers).toHaveLength(3);
    for (const server of servers) {
      expect(userData(server)).not.toContain(MASTER_SECRET);
    }
    expect(JSON.stringify(resources)).not.toContain(MASTER_SECRET);
  });
});

describe("outputs", () => {
  test("are the contract that others build on", async () => {
    const { outputs } = await run(TWO_ZONES);
    expect(Object.keys(outputs).sort()).toEqual([
      "controllerAddress",
      "sipAccounts",
      "sshHostKeys",
      "zones",
    ]);
    expect(outputs).toMatchObject({
      controllerAddress: "198.51.100.10",
      zones: [
        { name: "zone1", address: "198.51.100.11", fixedIp: "10.9.8.2" },
        { name: "zone2", address: "198.51.100.12", fixedIp: "10.9.8.3" },
      ],
      sipAccounts: [
        { extension: "1001", secret: "an-own-secret", server: "198.51.100.10", transport: "tcp" },
      ],
    });
    expect(Object.keys(outputs.sshHostKeys as object)).toEqual(["controller", "zone1", "zone2"]);
  });
});

describe("what the program refuses", () => {
  test("a configuration with a fault registers nothing", async () => {
    await expect(run({ zones: 0, balance: "random" })).rejects.toThrow(
      /^2 faults in the stack's configuration; nothing was changed:\n {2}pbx:zones .*\n {2}pbx:balance .*$/,
    );
  });

  test("more users than user data holds, at `up`, before any resource", async () => {
    await expect(run({ users: [{ range: "10000-11999" }] })).rejects.toThrow(
      /^pbx:users has 2000 users/,
    );
  });
});
