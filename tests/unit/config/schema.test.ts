import { plainValues } from "../../../config/plain-values";
import { ConfigError, parseSettings, settingsSchema } from "../../../config/schema";
import { BAD_CONFIGURATIONS, FURTHER_BAD_CONFIGURATIONS } from "../../support/bad-configurations";
import { MASTER_SECRET, MINIMAL, settingsWith, SSH_PUBLIC_KEY } from "../../support/settings";

const encrypted = (): boolean => true;

function faultsOf(
  raw: Readonly<Record<string, unknown>>,
  isEncrypted: (key: string) => boolean = encrypted,
): readonly string[] {
  try {
    parseSettings(raw, isEncrypted);
  } catch (error) {
    if (error instanceof ConfigError) {
      return error.faults;
    }
    throw error;
  }
  return [];
}

describe("a valid configuration", () => {
  test("needs four keys; all other keys are optional", () => {
    expect(settingsWith()).toEqual({
      cloud: "openstack",
      okeanosReuseAddresses: false,
      zones: 1,
      users: [{ extension: "1001" }, { extension: "1002" }],
      balance: "leastconn",
      sipDriver: "pjsip",
      codecs: ["ulaw", "alaw"],
      image: "pbx-asterisk-22",
      controllerImage: "pbx-controller",
      flavor: "m1.small",
      externalNetwork: "public",
      trunkCidr: "192.168.0.0/24",
      operatorCidrs: [],
      drainTimeout: 3600,
      drainForce: false,
      ringTimeout: 60,
      idleTimeout: 3600,
      connectTimeout: 5,
      limits: {
        connectionsPerSource: 600,
        connectionsPerUnknownSource: 40,
        connectionRate: 50,
        bytesPerSecond: 200_000,
        loginTime: 5,
        failuresPerAccount: 10,
        failuresPerSource: 100,
        lockTime: 60,
        callsPerAccount: 4,
        callsPerMinute: 30,
      },
      sshPublicKey: SSH_PUBLIC_KEY,
      masterSecret: MASTER_SECRET,
    });
  });

  test("may set every key", () => {
    const everything = {
      cloud: "okeanos",
      okeanosProject: "a-project",
      okeanosReuseAddresses: true,
      zones: 3,
      autoscale: {
        min: 2,
        max: 6,
        callsPerZone: 80,
        spareCalls: 10,
        throughputPerZone: 3e6,
        cpu: 0.75,
        window: 30,
        margin: 0.25,
        scaleInAfter: 300,
        cooldownOut: 45,
        cooldownIn: 120,
        schedules: [{ cron: "0 12 * * 1-5", timeZone: "Europe/Athens", for: 7200, min: 3 }],
        lead: 600,
        maxHourlyCost: 0.9,
        prices: { "m1.medium": 0.12, "m1.tiny": 0.05 },
        interval: 5,
      },
      users: [
        { extension: "1001", name: "Alice O’Hara", secret: "a-secret_of.alice~1" },
        { range: "2000-2009" },
      ],
      balance: "source",
      sipDriver: "chan_sip",
      codecs: ["g722", "gsm"],
      image: "pbx-asterisk-16",
      controllerImage: "our controller",
      flavor: "m1.medium",
      controllerFlavor: "m1.tiny",
      externalNetwork: "internet",
      trunkCidr: "10.20.0.0/22",
      operatorCidrs: ["203.0.113.0/24", "198.51.100.7/32"],
      drainTimeout: 900,
      drainForce: true,
      ringTimeout: 30,
      idleTimeout: 600,
      connectTimeout: 2,
      limits: {
        connectionsPerSource: 1000,
        connectionsPerUnknownSource: 10,
        connectionRate: 20,
        bytesPerSecond: 1_000_000,
        loginTime: 10,
        failuresPerAccount: 5,
        failuresPerSource: 50,
        lockTime: 300,
        callsPerAccount: 2,
        callsPerMinute: 10,
      },
      sshPublicKey: SSH_PUBLIC_KEY,
      masterSecret: MASTER_SECRET,
    };
    expect(Object.keys(everything).sort()).toEqual(Object.keys(settingsSchema.shape).sort());
    expect(parseSettings(everything, encrypted)).toEqual(everything);
  });

  test("may give a duration with a unit", () => {
    const written = { drainTimeout: "15m", ringTimeout: "45s", idleTimeout: "2h" };
    expect(settingsWith(written)).toMatchObject({
      drainTimeout: 900,
      ringTimeout: 45,
      idleTimeout: 7200,
    });
  });

  test("needs only max and callsPerZone for autoscaling", () => {
    expect(settingsWith({ autoscale: { max: 4, callsPerZone: 81 } }).autoscale).toEqual({
      min: 1,
      max: 4,
      callsPerZone: 81,
      spareCalls: 17,
      window: 60,
      margin: 0.3,
      scaleInAfter: 600,
      cooldownOut: 60,
      cooldownIn: 300,
      schedules: [],
      lead: 300,
      prices: {},
      interval: 15,
    });
  });

  test("may have an image with the name `constructor`, a property of every JavaScript object", () => {
    expect(settingsWith({ image: "constructor" }).image).toBe("constructor");
  });

  test.each([
    ["sk-ssh-ed25519@openssh.com", ["a point", "ssh:"]],
    ["sk-ecdsa-sha2-nistp256@openssh.com", ["nistp256", "a point", "ssh:"]],
  ])("may have an SSH key of a security token: %s", (type, fields) => {
    const wire = [type, ...fields].map((field) => {
      const length = Buffer.alloc(4);
      length.writeUInt32BE(field.length);
      return Buffer.concat([length, Buffer.from(field)]);
    });
    const sshPublicKey = `${type} ${Buffer.concat(wire).toString("base64")} operator`;
    expect(settingsWith({ sshPublicKey })).toMatchObject({ sshPublicKey });
  });

  test("may give an extension as a number, because YAML reads digits as a number", () => {
    expect(settingsWith({ users: [{ extension: 1001 }] }).users).toEqual([{ extension: "1001" }]);
  });
});

describe("parseSettings reports", () => {
  test.each([...BAD_CONFIGURATIONS, ...FURTHER_BAD_CONFIGURATIONS])(
    "one fault of $key: $title",
    ({ change, key, remedy, secret }) => {
      const faults = faultsOf({ ...MINIMAL, ...change });
      expect(faults).toHaveLength(1);
      const [fault = ""] = faults;
      expect(fault.startsWith(`${key} `)).toBe(true);
      expect(fault).toContain(remedy);
      expect(fault).not.toMatch(/[\r\n]/);
      if (secret !== undefined) {
        expect(fault).not.toContain(secret);
      }
    },
  );

  test("all faults of a configuration in one error", () => {
    const raw = {
      zones: 300,
      users: [{ extension: "x" }, { extension: "1001", name: "" }, { range: "5-1" }],
      balance: "random",
      trunkCidr: "10.0.0.0/8",
      sipDriver: "chan_sip",
      image: "pbx-asterisk-22",
      masterSecret: "short",
      colour: "red",
    };
    const keys = faultsOf(raw, () => false).map((fault) => fault.split(" ", 1)[0]);
    expect(keys.sort()).toEqual(
      [
        "pbx:balance",
        "pbx:colour",
        "pbx:flavor",
        "pbx:masterSecret",
        "pbx:masterSecret",
        "pbx:sipDriver",
        "pbx:sshPublicKey",
        "pbx:trunkCidr",
        "pbx:users[0].extension",
        "pbx:users[1].name",
        "pbx:users[2].range",
        "pbx:zones",
      ].sort(),
    );
    expect(() => parseSettings(raw, () => false)).toThrow(/^12 faults .*; nothing was changed:\n/);
  });

  test("every faulty entry of pbx:users", () => {
    const users = [
      { extension: "x" },
      { extension: "1001" },
      { extension: "1001", name: "Alice" },
      { range: "1000-1009" },
      { range: "2000-2009" },
      { extension: "2009" },
    ];
    expect(faultsOf({ ...MINIMAL, users }).map((fault) => fault.split(";", 1)[0])).toEqual([
      "pbx:users[0].extension is not an extension",
      "pbx:users[2] repeats extension 1001 of pbx:users[1]",
      "pbx:users[3] repeats extension 1001 of pbx:users[1]",
      "pbx:users[5] repeats extension 2009 of pbx:users[4]",
    ]);
  });

  test("the master secret in plain text", () => {
    expect(faultsOf(MINIMAL, (key) => key !== "masterSecret")).toEqual([
      "pbx:masterSecret holds a secret in plain text; encrypt it with: pulumi config set --secret pbx:masterSecret",
    ]);
  });

  test("a user's explicit secret in plain text", () => {
    const users = [{ extension: "1001" }, { extension: "1002", secret: "an-explicit-secret" }];
    expect(faultsOf({ ...MINIMAL, users }, (key) => key !== "users")).toEqual([
      "pbx:users[1].secret holds a secret in plain text; encrypt it with: pulumi config set --secret --path 'pbx:users[1].secret'",
    ]);
  });

  test("no fault of unencrypted users without an explicit secret", () => {
    expect(faultsOf(MINIMAL, (key) => key !== "users")).toEqual([]);
  });

  test("more zones than the trunk network has addresses for", () => {
    expect(faultsOf({ ...MINIMAL, zones: 8, trunkCidr: "10.0.0.0/28" })).toEqual([]);
    expect(faultsOf({ ...MINIMAL, zones: 9, trunkCidr: "10.0.0.0/28" })).toEqual([
      "pbx:zones is 9, but pbx:trunkCidr 10.0.0.0/28 has addresses for 8 zones; lower pbx:zones or widen pbx:trunkCidr",
    ]);
  });
});

test("plainValues converts text from Pulumi to numbers, booleans and JSON values, but not to durations", () => {
  const passedText = { "pbx:zones": "2", "pbx:drainForce": "true", "pbx:ringTimeout": "90" };
  expect(plainValues(passedText)).toEqual({ zones: 2, drainForce: true, ringTimeout: "90" });
  const values = [{}, [], ["alaw"], [{ extension: "1001" }], { max: 4, callsPerZone: 80 }];
  const structured = Object.entries(settingsSchema.shape).flatMap(([key, schema]) =>
    values.some((value) => schema.safeParse(value).success) ? [key] : [],
  );
  expect(structured).toEqual(expect.arrayContaining(["users", "autoscale", "limits"]));
  const passed = Object.fromEntries(structured.map((key) => [`pbx:${key}`, "[1]"]));
  expect(plainValues(passed)).toEqual(Object.fromEntries(structured.map((key) => [key, [1]])));
});
