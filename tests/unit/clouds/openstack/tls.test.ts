import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { TLSSocket } from "node:tls";
import { z } from "zod";
import { CloudSession } from "../../../../clouds/openstack/cloud-session";
import { cloudSettings } from "../../../../clouds/openstack/cloud-settings";
import { makeCertificate } from "../../../support/certificate";

let folder: string;
let server: Server;
let port: string;
let requests: string[];

const pem = (name: string, part: "key" | "cert"): string => join(folder, name, `${part}.pem`);

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "trunkline-tls-"));
  for (const name of ["cloud", "stranger", "user"]) makeCertificate(join(folder, name), name);
  server = createServer(
    {
      key: readFileSync(pem("cloud", "key")),
      cert: readFileSync(pem("cloud", "cert")),
      ca: readFileSync(pem("user", "cert")),
      requestCert: true,
      rejectUnauthorized: false,
    },
    (request, response) => {
      const { method = "", url = "", socket } = request;
      const certificate = socket instanceof TLSSocket ? socket.getPeerCertificate() : null;
      // Without a client certificate, Node.js returns an object without properties.
      const by = Object.keys(certificate ?? {}).length === 0 ? "" : " by a known user";
      requests.push(`${method} ${url}${by}`);
      request.resume().on("end", () => {
        const [status, body] = answerTo(method, url);
        response.writeHead(status, { "x-subject-token": "a-token" });
        response.end(body);
      });
    },
  );
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  port = String((server.address() as AddressInfo).port);
});
afterAll(() => {
  server.close();
  rmSync(folder, { recursive: true });
});
beforeEach(() => {
  requests = [];
});

function answerTo(method: string, url: string): [status: number, body: string] {
  if (method === "DELETE") return [204, ""];
  if (url === "/compute/limits") return [200, '{ "limits": "none" }'];
  if (url !== "/v3/auth/tokens") return [404, "{}"];
  const endpoints = [{ interface: "public", url: `https://127.0.0.1:${port}/compute` }];
  return [
    201,
    JSON.stringify({
      token: {
        expires_at: "2999-01-01T00:00:00.000000Z",
        project: { id: "p1" },
        catalog: [{ type: "compute", endpoints }],
      },
    }),
  ];
}

/** Returns a session with the test cloud. `fields` are the cloud's settings in `clouds.yaml`, without `auth`. */
function session(
  fields: Readonly<Record<string, unknown>>,
  env: Readonly<Record<string, string>> = {},
): CloudSession {
  const file = join(folder, "clouds.yaml");
  const auth = { auth_url: `https://127.0.0.1:${port}`, token: "given" };
  writeFileSync(file, JSON.stringify({ clouds: { ours: { auth, ...fields } } }));
  return new CloudSession(cloudSettings({ OS_CLOUD: "ours", OS_CLIENT_CONFIG_FILE: file, ...env }));
}

test("a session rejects an untrusted certificate", async () => {
  await expect(session({}).projectId()).rejects.toThrow(
    "/v3/auth/tokens failed: self-signed certificate",
  );
  await expect(session({ cacert: pem("stranger", "cert") }).projectId()).rejects.toThrow(
    `the request to https://127.0.0.1:${port}/v3/auth/tokens failed: self-signed certificate`,
  );
  expect(requests).toEqual([]);
});

test("a session accepts, in every request, the certificate that clouds.yaml names", async () => {
  const cloud = session({ cacert: pem("cloud", "cert") });
  expect(await cloud.projectId()).toBe("p1");
  expect(await cloud.get("compute", "/limits", z.object({ limits: z.string() }))).toEqual({
    limits: "none",
  });
  expect(await cloud.find("compute", "/flavors", z.object({}))).toBeNull();
  await cloud.delete("compute", "/servers/1");
  await expect(cloud.get("compute", "/limits", z.object({ rate: z.string() }))).rejects.toThrow(
    `https://127.0.0.1:${port}/compute/limits returned an unexpected response`,
  );
  expect(requests).toEqual([
    "POST /v3/auth/tokens",
    "GET /compute/limits",
    "GET /compute/flavors",
    "DELETE /compute/servers/1",
    "GET /compute/limits",
  ]);
});

test("OS_CACERT takes precedence over clouds.yaml", async () => {
  const fields = { cacert: pem("stranger", "cert") };
  const cloud = session(fields, { OS_CACERT: pem("cloud", "cert") });
  expect(await cloud.projectId()).toBe("p1");
});

test.each([
  [{ verify: false }, {}],
  // "no" is false in YAML 1.1, which other clients read.
  [{ verify: "no", cacert: "" }, {}],
  [{ insecure: true }, {}],
  [{}, { OS_INSECURE: "true" }],
  [{ verify: true }, { OS_INSECURE: "1" }],
])(
  "a session with %j in clouds.yaml and the environment %j accepts an untrusted certificate",
  async (fields, env) => {
    expect(await session(fields, env).projectId()).toBe("p1");
  },
);

test.each([
  [{ verify: true }, {}],
  [{ verify: false }, { OS_INSECURE: "false" }],
])(
  "a session with %j in clouds.yaml and the environment %j rejects an untrusted certificate",
  async (fields, env) => {
    await expect(session(fields, env).projectId()).rejects.toThrow(
      "failed: self-signed certificate",
    );
  },
);

test("a session sends the client certificate of clouds.yaml or of the environment", async () => {
  const own = { cert: pem("user", "cert"), key: pem("user", "key") };
  await session({ cacert: pem("cloud", "cert"), ...own }).projectId();
  await session({ verify: false }, { OS_CERT: own.cert, OS_KEY: own.key }).projectId();
  expect(requests).toEqual([
    "POST /v3/auth/tokens by a known user",
    "POST /v3/auth/tokens by a known user",
  ]);
});

test("a certificate that cannot be read is an error that names its file", () => {
  expect(() => session({}, { OS_CACERT: join(folder, "none.pem") })).toThrow(
    `cannot read the cloud's cacert: ENOENT: no such file or directory, open '${folder}/none.pem'`,
  );
});
