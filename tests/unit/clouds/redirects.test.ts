import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer as createHttp, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createHttps } from "node:https";
import type { AddressInfo, Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { z } from "zod";
import { OkeanosClient } from "../../../clouds/okeanos/client";
import { CloudSession } from "../../../clouds/openstack/cloud-session";
import { makeCertificate } from "../../support/certificate";

const PASSWORD = "the-password-of-a-test";
const TOKEN = "the-token-of-a-test";
const STATUSES = [301, 302, 303, 307, 308];

let folder: string;
let ca: string;
const servers: Server[] = [];
/** URLs of the cloud, by scheme. */
let cloud: Readonly<Record<"http" | "https", string>>;
/** URLs of another server, to which the cloud redirects requests, by scheme. */
let thief: Readonly<Record<"http" | "https", string>>;
/** Handler of requests to the cloud. */
let answerTo: (request: IncomingMessage, response: ServerResponse) => void;
/** Requests that `thief` has received. */
let stolen: string[];

async function serve(handler: typeof answerTo): Promise<typeof cloud> {
  const key = readFileSync(join(folder, "key.pem"));
  const addresses: Record<string, string> = {};
  for (const [scheme, server] of [
    ["http", createHttp(handler)],
    ["https", createHttps({ key, cert: ca }, handler)],
  ] as const) {
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    addresses[scheme] = `${scheme}://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
  }
  return addresses as typeof cloud;
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "trunkline-redirects-"));
  makeCertificate(folder, "cloud");
  ca = readFileSync(join(folder, "cert.pem"), "utf8");
  cloud = await serve((request, response) => {
    answerTo(request, response);
  });
  thief = await serve((request, response) => {
    stolen.push(`${request.method ?? ""} ${request.url ?? ""}`);
    response.end("{}");
  });
});
afterAll(() => {
  for (const server of servers) server.close();
  rmSync(folder, { recursive: true });
});
beforeEach(() => {
  stolen = [];
});

const redirect =
  (status: number, location: string): typeof answerTo =>
  (request, response) => {
    request.resume();
    response.writeHead(status, { location }).end("moved");
  };

const openstack = (scheme: "http" | "https"): CloudSession =>
  new CloudSession({
    auth: { auth_url: `${cloud[scheme]}/v3`, username: "me", password: PASSWORD },
    region: undefined,
    endpoint: "public",
    tls: scheme === "https" ? { ca } : undefined,
  });

const WAYS = (["http", "https"] as const).flatMap((from) =>
  (["http", "https"] as const).flatMap((to) =>
    STATUSES.map((status) => [status, from, to] as const),
  ),
);

const faultOf = (work: Promise<unknown>): Promise<string> =>
  work.then(String, (error: unknown) => (error as Error).message);

describe("a redirect of a log-in", () => {
  test.each(WAYS)("(%s) from %s to %s is not followed on OpenStack", async (status, from, to) => {
    answerTo = redirect(status, `${thief[to]}/v3/auth/tokens?token=secret`);

    const fault = await faultOf(openstack(from).projectId());
    expect(fault).toBe(
      `${cloud[from]}/v3/auth/tokens returned ${String(status)}, a redirect to ` +
        `${thief[to]}/v3/auth/tokens, which was not followed, to protect the password and the token; if the ` +
        "target is the right address, use it as OS_AUTH_URL (or auth_url in clouds.yaml), or as the address of " +
        "the service in the cloud's catalog",
    );
    expect(stolen).toEqual([]);
  });

  test.each(STATUSES)("(%s) is not followed on Okeanos, and causes no retry", async (status) => {
    let count = 0;
    answerTo = (request, response) => {
      count++;
      redirect(status, `${thief.http}/identity/v2.0/tokens`)(request, response);
    };

    const fault = await faultOf(
      new OkeanosClient(`${cloud.http}/identity/v2.0`, TOKEN, { pause: 1 }).user(),
    );
    expect(fault).toBe(
      `okeanos: ${cloud.http}/identity/v2.0/tokens returned ${String(status)}, a redirect to ` +
        `${thief.http}/identity/v2.0/tokens, which was not followed, to protect the token; if the target is ` +
        "the right address, set OS_AUTH_URL to it",
    );
    expect([count, stolen]).toEqual([1, []]);
  });

  test("to the cloud itself with another scheme, or without a valid address, is not followed", async () => {
    answerTo = redirect(301, `${cloud.https}/v3/auth/tokens`);
    expect(await faultOf(openstack("http").projectId())).toContain(
      `to ${cloud.https}/v3/auth/tokens`,
    );
    answerTo = (_, response) => response.writeHead(300).end();
    expect(await faultOf(openstack("http").projectId())).toContain("returned 300");
    answerTo = redirect(302, "http://[");
    expect(await faultOf(openstack("http").projectId())).toContain("to no address,");
  });
});

test("a redirect of a request with a token is not followed", async () => {
  answerTo = (request, response) => {
    request.resume();
    if (request.url !== "/v3/auth/tokens") {
      response.writeHead(307, { location: `${thief.http}/servers` }).end();
      return;
    }
    const endpoints = [{ interface: "public", url: `${cloud.http}/compute` }];
    const catalog = [{ type: "compute", endpoints }];
    response.writeHead(201, { "x-subject-token": TOKEN });
    response.end(JSON.stringify({ token: { expires_at: "2999-01-01T00:00:00Z", catalog } }));
  };

  const fault = await faultOf(openstack("http").get("compute", "/servers", z.unknown()));
  expect(fault).toContain(`${cloud.http}/compute/servers returned 307, a redirect to`);
  expect(stolen).toEqual([]);
});

describe("a response of more than 16 MiB is an error:", () => {
  const LONG = "the response has more than 16777216 bytes";
  const endless: typeof answerTo = (_, response) => {
    response.writeHead(201, { "x-subject-token": TOKEN });
    const more = (): void => {
      while (!response.destroyed && response.write("x".repeat(1 << 16)));
      response.once("drain", more);
    };
    more();
  };
  /** 20 MiB of spaces, compressed to 20 KiB. */
  const folded = gzipSync(Buffer.alloc(20 << 20, 32));
  const bomb: typeof answerTo = (_, response) => {
    response.writeHead(201, { "content-encoding": "gzip", "x-subject-token": TOKEN });
    response.end(folded);
  };

  test.each([
    ["an endless stream", endless],
    ["a gzip bomb", bomb],
  ])("%s", async (_, answer) => {
    answerTo = answer;
    expect(await faultOf(openstack("http").projectId())).toContain(LONG);
    const okeanos = new OkeanosClient(`${cloud.http}/identity/v2.0`, TOKEN, { pause: 1 });
    expect(await faultOf(okeanos.user())).toContain(LONG);
  });

  test("an endless stream over https", async () => {
    answerTo = endless;
    expect(await faultOf(openstack("https").projectId())).toContain(LONG);
  });
});

test("a status that HTTP does not allow is an error, also over https", async () => {
  answerTo = (_, response) => {
    response.socket?.end("HTTP/1.1 999 Odd\r\nContent-Length: 0\r\n\r\n");
  };
  for (const scheme of ["http", "https"] as const) {
    expect(await faultOf(openstack(scheme).projectId())).toMatch(/auth\/tokens failed: |999/);
  }
});
