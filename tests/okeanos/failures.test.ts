import { client } from "./client";
import { NETWORKS, newServer, privateNetwork, type Scene, scene, SERVERS } from "./quirks";
import { type Failure, failEachOnce, failNext, type Machine, startOkeanos } from "./synnefo";

const network = { network: { name: "n", type: "MAC_FILTERED" } };
let it: Scene;

beforeEach(async () => {
  it = await scene();
});
afterEach(() => it.okeanos.stop());

const isPost = ({ method }: { readonly method: string }): boolean => method === "POST";

test.each([413, 500, 503] as const)(
  "a request that fails once with %i has no effect",
  async (status) => {
    it.okeanos.fail(failNext(isPost, { status }));
    expect((await it.ask("POST", NETWORKS, network)).status).toBe(status);
    expect(it.okeanos.remaining().networks).toEqual([]);
    expect((await it.ask("POST", NETWORKS, network)).status).toBe(201);
  },
);

test.each<[string, Failure]>([
  ["is reset", { reset: true, lost: true }],
  ["is answered with 500", { status: 500, lost: true }],
])("a request that %s can still have its effect", async (_, failure) => {
  it.okeanos.fail(failNext(isPost, failure));
  await it.ask("POST", NETWORKS, network).catch(() => undefined);
  expect(it.okeanos.remaining().networks).toEqual(["n"]);
});

test("a request that fails with silence gets no answer until its sender gives up", async () => {
  it.okeanos.fail(failNext(isPost, { silence: true }));
  const { origin, token } = it.okeanos;
  const asked = fetch(`${origin}/cyclades${NETWORKS}`, {
    method: "POST",
    headers: { "x-auth-token": token },
    signal: AbortSignal.timeout(100),
  });
  await expect(asked).rejects.toMatchObject({ name: "TimeoutError" });
  expect(it.okeanos.requests.at(-1)).toMatchObject({ method: "POST", status: "none" });
});

test("failEachOnce fails each kind of request once, whatever ID the path contains", async () => {
  it.okeanos.fail(failEachOnce({ status: 503 }));
  const statuses: number[] = [];
  for (const id of [1, 2, 1]) {
    statuses.push((await it.ask("GET", `${NETWORKS}/${String(id)}`)).status);
  }
  expect(statuses).toEqual([503, 200, 200]);
});

test("the hypervisor starts and destroys the machine of a server", async () => {
  const seen: [string, Machine][] = [];
  const note =
    (what: string) =>
    (machine: Machine): Promise<void> => {
      seen.push([what, machine]);
      return Promise.resolve();
    };
  await it.okeanos.stop();
  it = await scene({
    hypervisor: { start: note("start"), stop: note("stop"), destroy: note("destroy") },
  });
  const id = await privateNetwork(it);
  await it.create("/compute/v2.0/os-keypairs", {
    keypair: { name: "k", public_key: "ssh-ed25519 AAAA a@b" },
  });
  await it.create(
    SERVERS,
    newServer(it, {
      key_name: "k",
      networks: [{ uuid: id, fixed_ip: "192.168.7.9" }],
      personality: [{ path: "/f", contents: "eA==", owner: "u", group: "g", mode: 384 }],
      user_data: "I2Nsb3VkLWNvbmZpZw==",
    }),
  );
  it.wait();
  it.okeanos.remaining();
  await it.ask("DELETE", `${SERVERS}/1`);
  it.wait();
  it.okeanos.remaining();
  expect(seen.map(([what]) => what)).toEqual(["start", "destroy"]);
  expect(seen[0]?.[1]).toEqual({
    id: 1,
    name: "s",
    image: "Debian Base",
    flavor: "C1R1024D20drbd",
    nics: [
      {
        networkId: 3,
        public: false,
        mac: "aa:00:03:00:00:01",
        address: "192.168.7.9",
        cidr: "192.168.7.0/24",
        gateway: "192.168.7.1",
      },
    ],
    personality: [{ path: "/f", content: Buffer.from("x"), owner: "u", group: "g", mode: 0o600 }],
    userData: "I2Nsb3VkLWNvbmZpZw==",
    publicKeys: ["ssh-ed25519 AAAA a@b"],
  });
});

test("a server whose machine does not start gets the status ERROR", async () => {
  await it.okeanos.stop();
  const done = (): Promise<void> => Promise.resolve();
  const start = (): Promise<void> => Promise.reject(new Error("no image"));
  it = await scene({ hypervisor: { start, stop: done, destroy: done } });
  await it.create(SERVERS, newServer(it));
  it.wait();
  await it.ask("GET", SERVERS);
  expect((await it.ask("GET", `${SERVERS}/1`)).body).toMatchObject({ server: { status: "ERROR" } });
});

test("with the default time, a server becomes ACTIVE without further requests", async () => {
  let started: () => void = () => undefined;
  const active = new Promise<void>((resolve) => {
    started = resolve;
  });
  const done = (): Promise<void> => Promise.resolve();
  const start = (): Promise<void> => {
    started();
    return done();
  };
  const real = await startOkeanos({
    buildTime: 20,
    images: [{ name: "debian" }],
    hypervisor: { start, stop: done, destroy: done },
  });
  try {
    const ask = client(real);
    const { body } = await ask("GET", "/compute/v2.0/images");
    const [image] = body.images as { id: string }[];
    await ask("POST", SERVERS, { server: { name: "s", flavorRef: 1, imageRef: image?.id } });
    await active;
    expect((await ask("GET", `${SERVERS}/1`)).body).toMatchObject({ server: { status: "ACTIVE" } });
  } finally {
    await real.stop();
  }
});
