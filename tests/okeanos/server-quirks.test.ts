import { newServer, privateNetwork, type Scene, scene, SERVERS } from "./quirks";

let it: Scene;

beforeEach(async () => {
  it = await scene();
});
afterEach(() => it.okeanos.stop());

const act = async (action: object): Promise<readonly [number, unknown]> => {
  const { status, body } = await it.ask("POST", `${SERVERS}/1/action`, action);
  const [fault] = Object.values(body) as { message: string }[];
  return [status, fault?.message];
};
const read = async (): Promise<Readonly<Record<string, unknown>>> =>
  (await it.ask("GET", `${SERVERS}/1`)).body.server as Readonly<Record<string, unknown>>;
const state = async (): Promise<unknown> => {
  const { status, "SNF:task_state": task, deleted } = await read();
  return [status, task, deleted];
};
const build = async (rest: object = {}): Promise<void> => {
  await it.create(SERVERS, newServer(it, rest));
  it.wait();
};

test("IDs of servers, flavors and attachments are numbers", async () => {
  const id = await privateNetwork(it);
  await build({ networks: [{ uuid: id }], flavorRef: "1" });
  const { id: server, flavor, attachments } = await read();
  expect([server, flavor, attachments]).toEqual([
    1,
    expect.objectContaining({ id: 1 }),
    [expect.objectContaining({ id: 1, network_id: id })],
  ]);
});

test("a server that is being built refuses actions, and is ACTIVE afterwards", async () => {
  await it.create(SERVERS, newServer(it));
  expect(await state()).toEqual(["BUILD", "BUILDING", false]);
  expect(await act({ shutdown: {} })).toEqual([409, "Server '1' is being built."]);
  it.wait();
  expect([await state(), (await read()).progress]).toEqual([["ACTIVE", "", false], 100]);
});

test("a deleted server stays readable, is not listed, and can be deleted again only during its deletion", async () => {
  await build();
  const remove = async (): Promise<number> => (await it.ask("DELETE", `${SERVERS}/1`)).status;
  expect(await remove()).toBe(204);
  expect(await state()).toEqual(["ACTIVE", "DESTROYING", false]);
  expect(await remove()).toBe(204);
  it.wait();
  expect(await state()).toEqual(["DELETED", "", true]);
  expect(await remove()).toBe(400);
  expect((await it.ask("GET", SERVERS)).body).toEqual({ servers: [] });
});

test("a stopped server has the status STOPPED, and a pending job blocks other actions", async () => {
  await build();
  expect(await act({ start: {} })).toEqual([
    400,
    "Cannot perform 'START' action while server is in 'STARTED' state.",
  ]);
  expect(await act({ "os-stop": null })).toEqual([202, undefined]);
  expect(await act({ "os-start": null })).toEqual([
    400,
    "Cannot perform 'START' action while there is a pending 'STOP'.",
  ]);
  it.wait();
  expect(await state()).toEqual(["STOPPED", "", false]);
});

test("a resize needs a stopped server and the same disk size, but no confirmation", async () => {
  await build();
  expect((await act({ resize: { flavorRef: 2 } }))[0]).toBe(400);
  await act({ shutdown: {} });
  it.wait();
  expect(await act({ resize: { flavorRef: 3 } })).toEqual([
    400,
    "Cannot change instance's disk size.",
  ]);
  expect((await act({ resize: { flavorRef: 2 } }))[0]).toBe(202);
  expect(await act({ confirmResize: null })).toEqual([400, "Action confirmResize not supported"]);
  it.wait();
  expect((await read()).flavor).toMatchObject({ id: 2 });
});

test.each(["rebuild", "createImage", "changePassword"])(
  "the action %s is not supported",
  async (action) => {
    await build();
    expect(await act({ [action]: {} })).toEqual([400, `Action ${action} not supported`]);
  },
);

test("a rename is answered with 204", async () => {
  await build();
  const { status } = await it.ask("PUT", `${SERVERS}/1`, { server: { name: "other" } });
  expect([status, (await read()).name]).toEqual([204, "other"]);
});

test("metadata can be added with 201 but not replaced as a whole, and has at most ten text items", async () => {
  await build({ metadata: { a: "1" } });
  const path = `${SERVERS}/1/metadata`;
  expect(await it.ask("POST", path, { metadata: { b: "2" } })).toEqual({
    status: 201,
    body: { metadata: { a: "1", b: "2" } },
  });
  expect((await it.ask("PUT", `${path}/c`, { meta: { c: "3" } })).status).toBe(201);
  expect((await it.ask("PUT", path, { metadata: {} })).status).toBe(405);
  expect((await it.ask("POST", path, { metadata: { d: 4 } })).status).toBe(500);
  expect((await it.ask("DELETE", `${path}/c`)).status).toBe(204);
  const nine = Object.fromEntries(Array.from({ length: 9 }, (_, key) => [String(key), "v"]));
  expect((await it.ask("POST", path, { metadata: nine })).status).toBe(400);
  expect((await read()).metadata).toEqual({ a: "1", b: "2" });
});

test("a personality has at most five files of up to 10,240 Base64 characters", async () => {
  const create = async (files: number, characters: number): Promise<number> => {
    const file = { path: "/f", contents: "A".repeat(characters) };
    const personality = Array<object>(files).fill(file);
    return (await it.ask("POST", SERVERS, newServer(it, { personality }))).status;
  };
  expect(await create(6, 4)).toBe(413);
  expect(await create(1, 10_244)).toBe(413);
  expect(await create(1, 3)).toBe(400);
  expect(await create(5, 10_240)).toBe(202);
});

test("a server's adminPass must be strong, and the API returns it", async () => {
  const weak = await it.ask("POST", SERVERS, newServer(it, { adminPass: "secret" }));
  expect(weak.status).toBe(400);
  await build({ adminPass: "Long3nough" });
  expect((await it.ask("GET", `${SERVERS}/1/password`)).body).toEqual({ password: "Long3nough" });
});

test("a server has at most eight NICs", async () => {
  const id = await privateNetwork(it);
  const networks = Array<object>(9).fill({ uuid: id });
  expect((await it.ask("POST", SERVERS, newServer(it, { networks }))).status).toBe(400);
  expect(it.okeanos.remaining().ports).toEqual([]);
});

test("a server that is deleted during its build is destroyed after the build", async () => {
  await it.create(SERVERS, newServer(it));
  await it.ask("DELETE", `${SERVERS}/1`);
  expect(await state()).toEqual(["BUILD", "DESTROYING", false]);
  it.wait();
  it.wait();
  expect(it.okeanos.remaining().servers).toEqual([]);
});
