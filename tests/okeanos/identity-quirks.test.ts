import { client } from "./client";
import { type Scene, scene } from "./quirks";

const TOKENS = "/identity/v2.0/tokens";
let it: Scene;

beforeEach(async () => {
  it = await scene();
});
afterEach(() => it.okeanos.stop());

const fault = (kind: string, code: number, message: string, details = ""): object => ({
  status: code,
  body: { [kind]: { message, code, details } },
});

test("a user authenticates with a token, or with the UUID and the token as the password", async () => {
  const { okeanos, ask } = it;
  const { token, userId } = okeanos;
  const bodies = [
    { token: { id: token } },
    { token: { id: token }, tenantName: userId },
    { passwordCredentials: { username: userId, password: token } },
  ];
  for (const auth of bodies) {
    const { status, body } = await ask("POST", TOKENS, { auth });
    expect([status, (body.access as { user: { id: string } }).user.id]).toEqual([200, userId]);
  }
});

test("a tenant other than the user's UUID is refused", async () => {
  const auth = { token: { id: it.okeanos.token }, tenantName: "my-project" };
  expect(await it.ask("POST", TOKENS, { auth })).toEqual(
    fault("badRequest", 400, "Not conforming tenantName"),
  );
});

test("a log-in without a body gets only the catalog", async () => {
  const { status, body } = await it.ask("POST", TOKENS);
  expect([status, Object.keys(body.access as object)]).toEqual([200, ["serviceCatalog"]]);
});

test("the catalog has no versions in the URLs of image, network and volume", async () => {
  const { body } = await it.ask("POST", TOKENS);
  const { serviceCatalog } = body.access as {
    serviceCatalog: { type: string; endpoints: { publicURL: string; region: string }[] }[];
  };
  const urls = serviceCatalog.map(({ type, endpoints: [endpoint] }) => [
    type,
    endpoint?.publicURL.replace(it.okeanos.origin, ""),
    endpoint?.region,
  ]);
  expect(urls.filter(([type]) => /^(compute|image|network|volume)$/.test(type ?? ""))).toEqual([
    ["image", "/cyclades/image", "default"],
    ["compute", "/cyclades/compute/v2.0", "default"],
    ["volume", "/cyclades/volume", "default"],
    ["network", "/cyclades/network", "default"],
  ]);
});

test("Astakos answers a wrong token with another fault than Cyclades and Plankton", async () => {
  const ask = client(it.okeanos, "wrong");
  expect(await ask("GET", "/account/v1.0/quotas")).toEqual(
    fault("unauthorized", 401, "Invalid X-Auth-Token"),
  );
  const relayed = fault(
    "fault",
    401,
    "UNAUTHORIZED",
    '{"unauthorized": {"message": "Invalid token", "code": 401, "details": ""}}',
  );
  expect(await ask("GET", "/compute/v2.0/servers")).toEqual(relayed);
  expect(await ask("GET", "/image/v1.0/images")).toEqual(relayed);
});

test("unknown URLs get 400 within an API and 404 elsewhere, wrong methods get 405, and all are recorded", async () => {
  expect(await it.ask("GET", "/network/v2.0/routers")).toEqual(
    fault("badRequest", 400, "API endpoint not found"),
  );
  expect(await it.ask("GET", "/compute/v2.0/servers/abc")).toEqual(
    fault("badRequest", 400, "API endpoint not found"),
  );
  expect((await it.ask("GET", "/nosuch")).status).toBe(404);
  expect((await it.ask("DELETE", "/compute/v2.0/servers")).status).toBe(405);
  expect(it.okeanos.unknownRequests).toEqual([
    "GET /cyclades/network/v2.0/routers",
    "GET /cyclades/compute/v2.0/servers/abc",
    "GET /cyclades/nosuch",
    "DELETE /cyclades/compute/v2.0/servers",
  ]);
});

test("Plankton has no version 2, lists images in an object, and shows one image only to HEAD requests", async () => {
  expect((await it.ask("GET", "/image/v2/images")).status).toBe(400);
  expect(Object.keys((await it.ask("GET", "/image/v1.0/images")).body)).toEqual(["images"]);
  expect((await it.ask("GET", `/image/v1.0/images/${it.image}`)).status).toBe(501);
  expect((await it.ask("HEAD", `/image/v1.0/images/${it.image}`)).status).toBe(200);
});

test("the filters id and name are ignored, and changes-since is not", async () => {
  const count = async (path: string, key: string): Promise<number> =>
    ((await it.ask("GET", path)).body[key] as unknown[]).length;
  expect(await count("/compute/v2.0/flavors?name=nosuch", "flavors")).toBe(8);
  expect(await count("/compute/v2.0/images?name=nosuch", "images")).toBe(2);
  expect(await count("/network/v2.0/networks?id=999", "networks")).toBe(2);
  await it.create("/compute/v2.0/servers", {
    server: { name: "s", flavorRef: 1, imageRef: it.image },
  });
  expect(await count("/compute/v2.0/servers?name=nosuch", "servers")).toBe(1);
  expect(await count("/compute/v2.0/servers?changes-since=2999-01-01T00:00:00Z", "servers")).toBe(
    0,
  );
});

test("a second key pair with the same name is refused", async () => {
  const keypair = { name: "k", public_key: "ssh-ed25519 AAAA a@b" };
  await it.create("/compute/v2.0/os-keypairs", { keypair });
  expect(await it.ask("POST", "/compute/v2.0/os-keypairs", { keypair })).toEqual(
    fault("conflict", 409, "A keypair with that name already exists"),
  );
});
