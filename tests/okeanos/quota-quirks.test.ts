import { FLOATING_IPS, NETWORKS, newServer, type Scene, scene, SERVERS } from "./quirks";

const PROJECT = "pbx-project";
const GIB = 2 ** 30;
let it: Scene;

beforeEach(async () => {
  it = await scene({
    projects: [
      {
        id: PROJECT,
        name: "pbx.example.org",
        limits: { "cyclades.vm": 3 },
        projectLimits: { "cyclades.vm": 1 },
      },
    ],
  });
});
afterEach(() => it.okeanos.stop());

const usage = async (project: string): Promise<Readonly<Record<string, number>>> => {
  const { body } = await it.ask("GET", "/account/v1.0/quotas");
  const quotas = body[project] as Readonly<Record<string, { usage: number }>>;
  return Object.fromEntries(Object.entries(quotas).map(([key, value]) => [key, value.usage]));
};
const overLimit = (resource: string, available: number, requested: number): object => ({
  status: 413,
  body: {
    overLimit: {
      message: "Resource Limit Exceeded for your account.",
      code: 413,
      details:
        `Limit for resource '${resource}' exceeded for your account. ` +
        `Available: ${String(available)}, Requested: ${String(requested)}`,
    },
  },
});
const NOTHING = {
  "cyclades.cpu": 0,
  "cyclades.disk": 0,
  "cyclades.floating_ip": 0,
  "cyclades.network.private": 0,
  "cyclades.ram": 0,
  "cyclades.vm": 0,
};

test("a server uses cores and memory while it runs, and its disk until it is deleted", async () => {
  const { userId } = it.okeanos;
  await it.create(SERVERS, newServer(it));
  it.wait();
  const stopped = { ...NOTHING, "cyclades.vm": 1, "cyclades.disk": 20 * GIB };
  expect(await usage(userId)).toEqual({ ...stopped, "cyclades.cpu": 1, "cyclades.ram": GIB });
  await it.ask("POST", `${SERVERS}/1/action`, { shutdown: {} });
  it.wait();
  expect(await usage(userId)).toEqual(stopped);
  await it.ask("DELETE", `${SERVERS}/1`);
  it.wait();
  expect(await usage(userId)).toEqual(NOTHING);
});

test("a refusal names the resource, the available amount and the requested amount", async () => {
  const network = { network: { name: "n", type: "MAC_FILTERED" } };
  await it.create(NETWORKS, network);
  await it.create(NETWORKS, network);
  expect(await it.ask("POST", NETWORKS, network)).toEqual(overLimit("Private Network", 0, 1));
  await it.create(FLOATING_IPS, { floatingip: {} });
  await it.create(FLOATING_IPS, { floatingip: {} });
  expect(await it.ask("POST", FLOATING_IPS, { floatingip: {} })).toEqual(
    overLimit("Floating IP address", 0, 1),
  );
  await it.create(SERVERS, newServer(it, { flavorRef: 8 }));
  await it.create(SERVERS, newServer(it, { flavorRef: 8 }));
  expect(await it.ask("POST", SERVERS, newServer(it))).toEqual(overLimit("CPU", 0, 1));
});

test("a server that names a project uses that project's quota, up to the limit of all members", async () => {
  await it.create(SERVERS, newServer(it, { project: PROJECT }));
  expect((await usage(PROJECT))["cyclades.vm"]).toBe(1);
  expect((await usage(it.okeanos.userId))["cyclades.vm"]).toBe(0);
  expect(await it.ask("POST", SERVERS, newServer(it, { project: PROJECT }))).toEqual(
    overLimit("Virtual Machine", 0, 1),
  );
});

test("a server without enough quota leaves no port behind", async () => {
  await it.create(SERVERS, newServer(it, { project: PROJECT }));
  const { id } = await it.create(NETWORKS, { network: { name: "n", type: "MAC_FILTERED" } });
  await it.ask("POST", SERVERS, newServer(it, { project: PROJECT, networks: [{ uuid: id }] }));
  expect(it.okeanos.remaining()).toMatchObject({ servers: ["s"], ports: [] });
});

test("projects that the user is a member of are listed", async () => {
  const response = await fetch(`${it.okeanos.origin}/astakos/account/v1.0/projects?mode=member`, {
    headers: { "x-auth-token": it.okeanos.token },
  });
  const projects = (await response.json()) as { id: string; system_project: boolean }[];
  expect(projects.map(({ id, system_project: system }) => [id, system])).toEqual([
    [it.okeanos.userId, true],
    [PROJECT, false],
  ]);
});
