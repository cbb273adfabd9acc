import { gunzipSync } from "node:zlib";
import { parse } from "yaml";
import { exchangeTag } from "../../../plan/derived-secrets";
import { type ProgramRun, type Registered, runPulumiProgram } from "../../support/program";
import { MASTER_SECRET, MINIMAL, STACK } from "../../support/settings";

const runs = new Map<string, Promise<ProgramRun>>();

const OPERATORS = ["203.0.113.0/24", "198.51.100.7/32"];

/**
 * Runs the Pulumi program with the configuration `MINIMAL` and `changes`, after an update with the outputs `last`.
 * Caches the results.
 */
function run(
  changes: Readonly<Record<string, unknown>> = {},
  last: Readonly<Record<string, unknown>> = {},
): Promise<ProgramRun> {
  const key = JSON.stringify([changes, last]);
  const result =
    runs.get(key) ??
    runPulumiProgram(
      { ...MINIMAL, operatorCidrs: OPERATORS, ...changes },
      { "pulumi:pulumi:readStackOutputs": { outputs: last } },
    );
  runs.set(key, result);
  return result;
}

/** Configuration with two zones. Its values differ from the defaults. */
const TWO_ZONES = {
  zones: 2,
  users: [{ extension: "1001", secret: "an-own-secret" }],
  trunkCidr: "10.9.8.0/24",
  controllerImage: "our-haproxy",
  controllerFlavor: "m1.tiny",
};

const label = ({ type, name }: Registered): string => `${type.split(":").at(-1) ?? ""} ${name}`;

const labels = ({ resources }: ProgramRun): string[] => resources.map(label).sort();

function find({ resources }: ProgramRun, wanted: string): Registered {
  const found = resources.find((resource) => label(resource) === wanted);
  if (found === undefined) {
    throw new Error(`the Pulumi program created no ${wanted}`);
  }
  return found;
}

const userData = ({ inputs }: Registered): string =>
  gunzipSync(Buffer.from(inputs.userData as string, "base64")).toString();

const SHARED = [
  "HaproxyController controller",
  "Network trunk",
  "Router trunk",
  "RouterInterface trunk",
  "SecGroup controller",
  "SecGroup zone",
  "SecGroupRule controller-ntp",
  "SecGroupRule controller-reports",
  "SecGroupRule controller-sip",
  ...OPERATORS.map((cidr) => `SecGroupRule controller-ssh-${cidr}`),
  "SecGroupRule zone-iax2",
  "SecGroupRule zone-rtp",
  "SecGroupRule zone-sip",
  "SecGroupRule zone-ssh",
  "SecurityGroups exchange",
  "Subnet trunk",
  "TrunkNetwork trunk",
  "pbx nodes",
];

const nodeOf = (name: string): string[] => [
  `FloatingIp ${name}`,
  `FloatingIpAssociate ${name}`,
  `Instance ${name}`,
  `NodeConfig ${name}`,
  `Port ${name}`,
];

describe("resources", () => {
  test.each([
    [{}, ["PbxNode zone1"]],
    [TWO_ZONES, ["PbxNode zone1", "ExtendedZone zone2"]],
    [{ zones: 3 }, ["PbxNode zone1", "ExtendedZone zone2", "ExtendedZone zone3"]],
  ])("are only the expected ones for the configuration %j", async (changes, components) => {
    const nodes = ["controller", ...components.map((component) => component.split(" ")[1] ?? "")];
    expect(labels(await run(changes))).toEqual(
      [
        ...SHARED,
        ...components,
        ...nodes.flatMap(nodeOf),
        ...nodes.slice(1).map((zone) => `ZoneMembership ${zone}`),
      ].sort(),
    );
  });

  test("of a node all belong to the node's component", async () => {
    const { resources } = await run(TWO_ZONES);
    const parents = resources
      .filter(({ name, type }) => name === "zone2" && !type.startsWith("trunkline:"))
      .map(({ parent }) => parent);
    expect(new Set(parents)).toEqual(new Set(["ExtendedZone zone2"]));
  });
});

describe("security groups", () => {
  test("allow only SIP, SSH, RTP, IAX2, NTP and log-in reports", async () => {
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
      "controller-id ingress IPv4 tcp 5075 5075 from zone-id",
      "controller-id ingress IPv4 udp 123 123 from zone-id",
      "zone-id ingress IPv4 tcp 22 22 from controller-id",
      "zone-id ingress IPv4 tcp 5060 5060 from controller-id",
      "zone-id ingress IPv4 udp 10000 10999 from 0.0.0.0/0",
      "zone-id ingress IPv4 udp 4569 4569 from zone-id",
    ]);
  });

  test("are separate for the controller and the zones, and each node has one", async () => {
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
    "have secret user data, and are not replaced if only the user data changes (%s)",
    async (name) => {
      const server = find(await run(TWO_ZONES), `Instance ${name}`);
      expect(server.secretInputs).toEqual(["userData"]);
      expect(server.additionalSecretOutputs).toContain("userData");
      expect(server.ignoreChanges).toEqual(["userData"]);
    },
  );

  test.each(["controller", "zone1", "zone2"])(
    "are replaced for another image or flavor, and deleted first, because their address is in use (%s)",
    async (name) => {
      const server = find(await run(TWO_ZONES), `Instance ${name}`);
      expect(server.replaceOnChanges).toEqual(["imageId", "flavorName", "metadata.sipDriver"]);
      expect(server.deleteBeforeReplace).toBe(true);
    },
  );

  test("of zones have their SIP driver in the metadata, so that another driver replaces them", async () => {
    const program = await run(TWO_ZONES);
    const tag = exchangeTag(MASTER_SECRET, STACK);
    expect(find(program, "Instance zone2").inputs.metadata).toEqual({
      sipDriver: "pjsip",
      mark: `${tag} zone2`,
    });
    expect(find(program, "Instance controller").inputs.metadata).toEqual({
      mark: `${tag} controller`,
    });
  });

  test("wait for their port and their floating IP, but not for the router", async () => {
    const { dependencies } = find(await run(TWO_ZONES), "Instance zone2");
    expect(dependencies).toEqual([
      "FloatingIp controller",
      "FloatingIp zone2",
      "Network trunk",
      "Port zone2",
    ]);
  });

  test("get their floating IP attached after the network has a router interface", async () => {
    const { dependencies } = find(await run(), "FloatingIpAssociate zone1");
    expect(dependencies).toContain("RouterInterface trunk");
  });

  test("have the planned fixed IPs, which are outside of the subnet's allocation pool", async () => {
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

  test("of zones know their own public address and the controller's", async () => {
    const data = userData(find(await run(TWO_ZONES), "Instance zone2"));
    expect(data).toContain("external_signaling_address=198.51.100.10");
    expect(data).toContain("external_media_address=198.51.100.12");
    expect(data).toContain("[zone1](zone)");
  });

  test("of the controller have their own image and flavor", async () => {
    const program = await run(TWO_ZONES);
    expect(find(program, "Instance controller").inputs).toMatchObject({
      imageId: "our-haproxy-id",
      flavorName: "m1.tiny",
    });
    expect(find(program, "Instance zone1").inputs).toMatchObject({
      imageId: "pbx-asterisk-22-id",
      flavorName: "m1.small",
    });
  });

  test("have user data without the master secret, which no input of a resource contains either", async () => {
    const { resources } = await run(TWO_ZONES);
    const servers = resources.filter(({ type }) => type.endsWith(":Instance"));
    expect(servers).toHaveLength(3);
    for (const server of servers) {
      expect(userData(server)).not.toContain(MASTER_SECRET);
    }
    expect(JSON.stringify(resources)).not.toContain(MASTER_SECRET);
  });
});

const waits = (program: ProgramRun, wanted: string): string[] =>
  find(program, wanted).dependencies.filter((name) => /^(NodeConfig|ZoneMembership) /.test(name));

describe("files of nodes", () => {
  const contents = ({ inputs }: Registered): Record<string, string> =>
    JSON.parse(gunzipSync(Buffer.from(inputs.contents as string, "base64")).toString()) as Record<
      string,
      string
    >;

  test("include a haproxy.cfg with the configured values", async () => {
    const program = await run({ balance: "source", connectTimeout: "9s", idleTimeout: "5m" });
    const cfg = contents(find(program, "NodeConfig controller"))["/etc/haproxy/haproxy.cfg"] ?? "";
    for (const line of ["balance source", "timeout connect 9s", "timeout client 300s"]) {
      expect(cfg).toContain(`${line}\n`);
    }
  });

  test.each(["controller", "zone1", "zone2"])(
    "are those that the server boots with (%s)",
    async (name) => {
      const program = await run(TWO_ZONES);
      const config = find(program, `NodeConfig ${name}`);
      const { write_files: written } = parse(userData(find(program, `Instance ${name}`))) as {
        write_files: { path: string; content: string; owner: string; permissions: string }[];
      };
      expect(contents(config)).toEqual(
        Object.fromEntries(written.map(({ path, content }) => [path, content])),
      );
      expect(config.inputs.files).toEqual(
        Object.fromEntries(
          written.map(({ path, owner, permissions }) => [
            path,
            { owner, mode: permissions, digest: expect.any(String) as string },
          ]),
        ),
      );
    },
  );

  test("have their secrets marked as Pulumi secrets, in inputs and in outputs", async () => {
    const program = await run(TWO_ZONES);
    const config = find(program, "NodeConfig zone2");
    expect([...config.secretInputs].sort()).toEqual(["access.privateKey", "contents"]);
    expect([...config.additionalSecretOutputs].sort()).toEqual(["access", "contents"]);
    const membership = find(program, "ZoneMembership zone2");
    expect(membership.secretInputs).toEqual(["access.privateKey"]);
    expect(membership.additionalSecretOutputs).toEqual(["access"]);
  });

  test("are written through the controller, whose host key is known", async () => {
    const program = await run(TWO_ZONES);
    const { sshHostKeys } = program.outputs as { sshHostKeys: Record<string, string> };
    for (const name of ["NodeConfig controller", "NodeConfig zone2", "ZoneMembership zone2"]) {
      expect(find(program, name).inputs.access).toEqual({
        privateKey: expect.stringContaining("BEGIN OPENSSH PRIVATE KEY") as string,
        controllerAddress: "198.51.100.10",
        controllerHostKey: sshHostKeys.controller,
      });
    }
    expect(find(program, "NodeConfig controller").inputs.zones).toEqual(
      ["zone1", "zone2"].map((name, index) => ({
        name,
        fixedIp: `10.9.8.${String(index + 2)}`,
        sshHostKey: sshHostKeys[name],
      })),
    );
  });

  test("are written after all resources that make the node reachable", async () => {
    const program = await run(TWO_ZONES);
    const way = find(program, "NodeConfig zone2").dependencies.filter((name) =>
      /^(Instance|FloatingIpAssociate|SecGroupRule) /.test(name),
    );
    expect(way).toEqual([
      "FloatingIpAssociate controller",
      "FloatingIpAssociate zone2",
      "Instance controller",
      "Instance zone2",
      "SecGroupRule controller-ntp",
      "SecGroupRule controller-reports",
      "SecGroupRule controller-sip",
      ...OPERATORS.map((cidr) => `SecGroupRule controller-ssh-${cidr}`).sort(),
      "SecGroupRule zone-iax2",
      "SecGroupRule zone-rtp",
      "SecGroupRule zone-sip",
      "SecGroupRule zone-ssh",
    ]);
  });

  test("are written by a provider that gets no pbx: key of the stack's configuration", async () => {
    const program = await run(TWO_ZONES);
    expect(find(program, "pbx nodes").inputs).toEqual({});
    for (const name of ["NodeConfig controller", "ZoneMembership zone2"]) {
      expect(find(program, name).provider).toBe("pbx nodes");
    }
  });

  test("are written with the operator's drain policy", async () => {
    const program = await run({ ...TWO_ZONES, drainTimeout: "15m", drainForce: true });
    for (const name of ["NodeConfig controller", "NodeConfig zone1", "ZoneMembership zone1"]) {
      expect(find(program, name).inputs.drain).toEqual({ timeout: 900, force: true });
    }
  });

  test("contain users that do not fit into the user data of the first boot", async () => {
    const program = await run({ users: [{ range: "10000-15999" }] });
    expect(userData(find(program, "Instance zone1"))).not.toContain("('10000', ");
    const users = contents(find(program, "NodeConfig zone1"))["/etc/asterisk/users.sql"];
    expect(users).toContain("('10000', ");
    expect(users).toContain("('15999', ");
  });
});

describe("an update", () => {
  const SMALL = { image: "pbx-asterisk-22-id", flavor: "m1.small", sipDriver: "pjsip" };
  const CONTROLLER = { image: "pbx-controller-id", flavor: "m1.small" };
  const THREE = { controller: CONTROLLER, zone1: SMALL, zone2: SMALL, zone3: SMALL };
  const ALL = ["NodeConfig controller", "NodeConfig zone1", "NodeConfig zone2", "NodeConfig zone3"];

  test.each([
    ["a first deployment", undefined],
    ["unchanged servers", THREE],
    ["new zones beside an existing zone", { controller: CONTROLLER, zone1: SMALL }],
  ])(
    "for %s delays no server, and adds zones to the rotation after all files are written",
    async (_, servers) => {
      const program = await run({ zones: 3 }, servers === undefined ? {} : { servers });
      for (const zone of ["zone1", "zone2", "zone3"]) {
        expect(waits(program, `Instance ${zone}`)).toEqual([]);
        expect(waits(program, `ZoneMembership ${zone}`)).toEqual(ALL);
      }
    },
  );

  test.each([
    ["the flavor of the zones", { flavor: "m1.large", controllerFlavor: "m1.small" }],
    ["the image of the zones", { image: "pbx-asterisk-next" }],
    [
      "the image and the SIP driver of the zones",
      { image: "pbx-asterisk-16", sipDriver: "chan_sip" },
    ],
    ["the flavor of all nodes", { flavor: "m1.large" }],
  ])(
    "that changes %s and adds a zone replaces the old zones one by one, and starts the added zone immediately",
    async (_, change) => {
      const { zone3, ...servers } = THREE;
      const program = await run({ zones: 3, ...change }, { servers });
      expect(waits(program, "Instance controller")).toEqual([]);
      expect(waits(program, "Instance zone1")).toEqual(["NodeConfig controller"]);
      expect(waits(program, "ZoneMembership zone1")).toEqual(
        ALL.filter((name) => name !== "NodeConfig zone2"),
      );
      expect(waits(program, "Instance zone2")).toEqual([
        "NodeConfig controller",
        "ZoneMembership zone1",
      ]);
      expect(waits(program, "ZoneMembership zone2")).toEqual(ALL);
      expect(waits(program, "Instance zone3")).toEqual([]);
      expect(waits(program, "ZoneMembership zone3")).toEqual(ALL);
    },
  );

  test("for a new controller adds the zones to the rotation again, and replaces no zone", async () => {
    const program = await run({ zones: 3, controllerFlavor: "m1.large" }, { servers: THREE });
    expect(waits(program, "Instance zone1")).toEqual([]);
    const { inputs, dependencies } = find(program, "ZoneMembership zone1");
    expect(inputs).toMatchObject({ serverId: "zone1-id", controllerId: "controller-id" });
    expect(dependencies).toContain("Instance controller");
  });

  test("writes the specifications of all servers to the outputs, for the order of the next update", async () => {
    const { outputs } = await run({ zones: 3 });
    expect(outputs.servers).toEqual(THREE);
  });
});

describe("outputs", () => {
  test("have the keys and values that other programs read", async () => {
    const { outputs } = await run(TWO_ZONES);
    expect(Object.keys(outputs).sort()).toEqual([
      "controllerAddress",
      "servers",
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

describe("the Pulumi program rejects", () => {
  test("a configuration with faults", async () => {
    await expect(run({ zones: 0, balance: "random" })).rejects.toThrow(
      /^2 faults in the stack's configuration; nothing was changed:\n {2}pbx:zones .*\n {2}pbx:balance .*$/,
    );
  });

  test("a master secret that differs from the one that the servers were created with", async () => {
    const { outputs } = await run();
    const last = { sshHostKeys: outputs.sshHostKeys };
    await expect(run({ masterSecret: MASTER_SECRET.toUpperCase() }, last)).rejects.toThrow(
      /^pbx:masterSecret differs from the secret .*; nothing was changed. Restore the old secret/,
    );
    expect(labels(await run({ zones: 2 }, last))).toContain("NodeConfig zone2");
  });

  test("an update without pbx:operatorCidrs, because the nodes could not be reached", async () => {
    await expect(run({ operatorCidrs: [] })).rejects.toThrow(
      /^pbx:operatorCidrs is empty, .*; write the networks that you run pulumi from, such as /,
    );
  });
});
