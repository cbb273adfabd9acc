import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CloudSession } from "../../../../clouds/openstack/cloud-session";
import { cloudSettings } from "../../../../clouds/openstack/cloud-settings";
import { openstackHeadroom } from "../../../../clouds/openstack/headroom";
import { OperatorError } from "../../../../core/errors";

/** Answer of Nova 2.1 to `GET /limits`. */
const LIMITS = {
  limits: {
    rate: [],
    absolute: {
      maxServerMeta: 128,
      maxTotalInstances: 10,
      maxPersonality: 5,
      maxTotalCores: 20,
      maxTotalRAMSize: 51200,
      maxTotalKeypairs: 100,
      maxServerGroups: 10,
      totalCoresUsed: 4,
      totalInstancesUsed: 3,
      totalRAMUsed: 3072,
      totalServerGroupsUsed: 0,
    },
  },
};
const FLAVORS = {
  flavors: [
    { id: "1", name: "pbx.small", vcpus: 1, ram: 512, disk: 4, "OS-FLV-EXT-DATA:ephemeral": 0 },
    { id: "2", name: "pbx.large", vcpus: 8, ram: 8192, disk: 20, "OS-FLV-EXT-DATA:ephemeral": 0 },
  ],
};
/** Answer of Neutron to `GET /quotas/{project}/details.json`. Older releases give `reserved` as text. */
const QUOTAS = {
  quota: {
    floatingip: { limit: 50, used: 3, reserved: 0 },
    network: { limit: 100, used: 1, reserved: 0 },
    port: { limit: 500, used: 9, reserved: "0" },
  },
};

let answers: Record<string, unknown>;
let requests: { path: string; token: unknown; body: unknown }[];
let server: Server;
let base: string;

beforeAll(async () => {
  server = createServer((request, response) => {
    let body = "";
    request.on("data", (data: Buffer) => (body += data.toString()));
    request.on("end", () => {
      const path = request.url ?? "";
      const sent: unknown = body === "" ? null : JSON.parse(body);
      requests.push({ path, token: request.headers["x-auth-token"], body: sent });
      const answer = answers[path];
      if (typeof answer === "function") {
        (answer as (response: ServerResponse) => void)(response);
        return;
      }
      response.writeHead(answer === undefined ? 404 : path.endsWith("tokens") ? 201 : 200, {
        "x-subject-token": "a-token",
      });
      response.end(JSON.stringify(answer ?? {}));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  base = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
});

afterAll(() => {
  server.close();
});

beforeEach(() => {
  requests = [];
  const endpoints = (path: string) => [
    { interface: "internal", region_id: "here", url: "http://internal.invalid/" },
    { interface: "public", region_id: "elsewhere", url: "http://elsewhere.invalid/" },
    { interface: "public", region_id: "here", url: `${base}${path}` },
  ];
  answers = {
    "/v3/auth/tokens": {
      token: {
        expires_at: "2999-01-01T00:00:00.000000Z",
        project: { id: "p1" },
        catalog: [
          { type: "network", endpoints: endpoints("/network/") },
          { type: "compute", endpoints: endpoints("/compute/v2.1") },
        ],
      },
    },
    "/compute/v2.1/limits": LIMITS,
    "/compute/v2.1/flavors/detail": FLAVORS,
    "/network/v2.0/quotas/p1/details.json": QUOTAS,
  };
});

const PASSWORD = {
  username: "pbx",
  password: "of-tests-alone",
  project_name: "exchange",
  user_domain_name: "Default",
  project_domain_id: "default",
};

const session = (auth: Readonly<Record<string, string>> = PASSWORD): CloudSession =>
  new CloudSession({ auth: { auth_url: base, ...auth }, region: "here", endpoint: "public" });

const headroom = (flavor = "pbx.small") => openstackHeadroom(session(), flavor);

describe("the headroom for zones", () => {
  test("is what the scarcest limit allows, for example instances or cores", async () => {
    expect(await headroom()).toEqual({
      zones: 7,
      shortage: "7 of 10 instances left, and a zone needs 1",
    });
    expect(await headroom("pbx.large")).toEqual({
      zones: 2,
      shortage: "16 of 20 cores left, and a zone needs 8",
    });
  });

  test("counts reserved resources as used", async () => {
    const floatingip = { limit: 5, used: 3, reserved: 1 };
    answers["/network/v2.0/quotas/p1/details.json"] = { quota: { ...QUOTAS.quota, floatingip } };
    expect(await headroom()).toEqual({
      zones: 1,
      shortage: "1 of 5 floating IPs left, and a zone needs 1",
    });
  });

  test("is zero if more is used than allowed", async () => {
    const port = { limit: 5, used: 9, reserved: 0 };
    answers["/network/v2.0/quotas/p1/details.json"] = { quota: { ...QUOTAS.quota, port } };
    expect(await headroom()).toEqual({
      zones: 0,
      shortage: "0 of 5 ports left, and a zone needs 1",
    });
  });

  test("is null if nothing has a limit", async () => {
    const absolute = {
      ...LIMITS.limits.absolute,
      maxTotalInstances: -1,
      maxTotalCores: -1,
      maxTotalRAMSize: -1,
    };
    answers["/compute/v2.1/limits"] = { limits: { absolute } };
    delete answers["/network/v2.0/quotas/p1/details.json"];
    expect(await headroom()).toBeNull();
  });

  test("of an unknown flavor is an error", async () => {
    await expect(headroom("pbx.huge")).rejects.toThrow(
      "the cloud has no flavor pbx.huge; check pbx:flavor",
    );
  });

  test("is an error if an answer has an unexpected format", async () => {
    answers["/compute/v2.1/limits"] = { limits: {} };
    await expect(headroom()).rejects.toThrow(
      "/compute/v2.1/limits returned an unexpected response",
    );
  });
});

describe("an invalid answer", () => {
  const page = (response: ServerResponse) => response.end("<html>back in a minute</html>");
  const cutShort = (response: ServerResponse) => {
    response.writeHead(200, { "content-length": "100" });
    response.write('{"limits":', () => response.destroy());
  };
  const refusedAndCutShort = (response: ServerResponse) => {
    response.writeHead(503, { "content-length": "100" });
    response.write("no", () => response.destroy());
  };

  test.each([
    ["/compute/v2.1/limits", page, /\/limits returned a response that is not JSON$/],
    ["/compute/v2.1/limits", cutShort, /\/limits failed: /],
    ["/compute/v2.1/limits", refusedAndCutShort, /\/limits failed: /],
    ["/v3/auth/tokens", page, /\/tokens returned a response that is not JSON$/],
    ["/v3/auth/tokens", cutShort, /\/tokens failed: /],
    ["/v3/auth/tokens", { error: "no" }, /\/tokens returned an unexpected response: /],
  ])("to %s is an error: %p", async (path, answer, message) => {
    answers[path] = answer;
    const fault = await headroom().catch((error: unknown) => error);
    expect(fault).toBeInstanceOf(OperatorError);
    expect((fault as OperatorError).message).toMatch(message);
  });
});

describe("a session", () => {
  const project = { name: "exchange", domain: { id: "default" } };

  test.each([
    [
      PASSWORD,
      {
        identity: {
          methods: ["password"],
          password: {
            user: { name: "pbx", domain: { name: "Default" }, password: "of-tests-alone" },
          },
        },
        scope: { project },
      },
    ],
    [
      { application_credential_id: "c1", application_credential_secret: "of-tests-alone" },
      {
        identity: {
          methods: ["application_credential"],
          application_credential: { id: "c1", secret: "of-tests-alone" },
        },
      },
    ],
    [
      { token: "given", project_id: "p1" },
      {
        identity: { methods: ["token"], token: { id: "given" } },
        scope: { project: { id: "p1" } },
      },
    ],
  ])("logs in with %j", async (auth, body) => {
    expect(await session(auth).projectId()).toBe("p1");
    expect(requests).toEqual([{ path: "/v3/auth/tokens", token: undefined, body: { auth: body } }]);
  });

  test("logs in once, and sends its token with every later request", async () => {
    const one = session();
    await openstackHeadroom(one, "pbx.small");
    await openstackHeadroom(one, "pbx.small");
    expect(requests.filter(({ path }) => path.endsWith("tokens"))).toHaveLength(1);
    expect(requests.slice(1).every(({ token }) => token === "a-token")).toBe(true);
  });

  test("reports the answer to a refused log-in, but not the password", async () => {
    delete answers["/v3/auth/tokens"];
    await expect(headroom()).rejects.toThrow(
      /^authentication failed; check OS_CLOUD or OS_\*: 404 \{\}$/,
    );
  });

  test("finds no endpoint in an unknown region, which is an error", async () => {
    const settings = { auth: { auth_url: base, ...PASSWORD }, endpoint: "public" };
    await expect(
      openstackHeadroom(new CloudSession({ ...settings, region: "nowhere" }), "pbx.small"),
    ).rejects.toThrow(/^the cloud's catalog has no public endpoint of \w+ in region nowhere/);
  });
});

describe("the settings of a cloud", () => {
  let folder: string;
  let file: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "trunkline-clouds-"));
    file = join(folder, "clouds.yaml");
    writeFileSync(
      file,
      "clouds: { ours: { auth: { auth_url: 'http://a/v3', username: pbx }, region_name: here, interface: internal } }",
    );
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  test("come from clouds.yaml, and the environment takes precedence", () => {
    const env = { OS_CLOUD: "ours", OS_CLIENT_CONFIG_FILE: file };
    expect(cloudSettings(env)).toEqual({
      auth: { auth_url: "http://a/v3", username: "pbx" },
      region: "here",
      endpoint: "internal",
    });
    expect(cloudSettings({ ...env, OS_USERNAME: "me", OS_REGION_NAME: "there" })).toEqual({
      auth: { auth_url: "http://a/v3", username: "me" },
      region: "there",
      endpoint: "internal",
    });
  });

  test("may come from the environment alone", () => {
    expect(cloudSettings({ OS_AUTH_URL: "http://b", OS_INTERFACE: "publicURL" })).toEqual({
      auth: { auth_url: "http://b" },
      region: undefined,
      endpoint: "public",
    });
  });

  test("include the settings in secure.yaml, which take precedence over clouds.yaml", () => {
    const secureFile = join(folder, "secure.yaml");
    const env = {
      OS_CLOUD: "ours",
      OS_CLIENT_CONFIG_FILE: file,
      OS_CLIENT_SECURE_FILE: secureFile,
    };
    writeFileSync(secureFile, "clouds: { theirs: { auth: { password: not-ours } } }");
    expect(cloudSettings(env).auth).toEqual({ auth_url: "http://a/v3", username: "pbx" });
    writeFileSync(
      secureFile,
      "clouds: { ours: { auth: { username: me, password: of-tests-alone }, region_name: there } }",
    );
    expect(cloudSettings(env)).toEqual({
      auth: { auth_url: "http://a/v3", username: "me", password: "of-tests-alone" },
      region: "there",
      endpoint: "internal",
    });
    expect(cloudSettings({ ...env, OS_PASSWORD: "of-tests-too" }).auth.password).toBe(
      "of-tests-too",
    );
    writeFileSync(secureFile, "");
    expect(cloudSettings(env).region).toBe("here");
  });

  test("in a file that is not YAML cause an error that does not quote the file", () => {
    writeFileSync(file, "clouds:\n  ours:\n    auth: { password: 'of-tests-alone }\n");
    expect(() => cloudSettings({ OS_CLOUD: "ours", OS_CLIENT_CONFIG_FILE: file })).toThrow(
      `${file} is not valid YAML: MISSING_CHAR in line 4`,
    );
  });

  test("cause an error if the file has no clouds or cannot be read", () => {
    const env = { OS_CLOUD: "ours", OS_CLIENT_CONFIG_FILE: file };
    writeFileSync(file, "");
    expect(() => cloudSettings(env)).toThrow(`${file} has no cloud ours; check OS_CLOUD`);
    expect(() => cloudSettings({ ...env, OS_CLIENT_CONFIG_FILE: folder })).toThrow(OperatorError);
  });

  test("cause an error if no cloud is named, or if the file does not have the named cloud", () => {
    expect(() => cloudSettings({})).toThrow("no cloud is configured; set OS_CLOUD");
    expect(() => cloudSettings({ OS_CLOUD: "theirs", OS_CLIENT_CONFIG_FILE: file })).toThrow(
      `${file} has no cloud theirs; check OS_CLOUD`,
    );
  });
});
