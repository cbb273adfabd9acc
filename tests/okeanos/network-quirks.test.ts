import {
  FLOATING_IPS,
  NETWORKS,
  newServer,
  PORTS,
  privateNetwork,
  type Scene,
  scene,
  SERVERS,
  SUBNETS,
} from "./quirks";

let it: Scene;

beforeEach(async () => {
  it = await scene();
});
afterEach(() => it.okeanos.stop());

const network = (rest: object): object => ({ network: { name: "n", ...rest } });

test("a network needs a type that users may create", async () => {
  const statuses: number[] = [];
  for (const type of [undefined, "BOGUS", "CUSTOM", "MAC_FILTERED"]) {
    statuses.push((await it.ask("POST", NETWORKS, network({ type }))).status);
  }
  expect(statuses).toEqual([400, 400, 403, 201]);
});

test("IDs of ports and floating IPs, and network IDs in ports, are text, but requests may use numbers", async () => {
  const id = await privateNetwork(it);
  const port = await it.create(PORTS, { port: { network_id: Number(id) } });
  const ip = await it.create(FLOATING_IPS, { floatingip: { floating_network_id: 1 } });
  expect([port.network_id, typeof port.id, typeof ip.id]).toEqual([id, "string", "string"]);
});

test("a network has one subnet per IP version (IPv4: /22 to /29), created before a server is connected", async () => {
  const { id } = await it.create(NETWORKS, network({ type: "MAC_FILTERED" }));
  const subnet = async (cidr: string, ip_version = 4): Promise<number> =>
    (await it.ask("POST", SUBNETS, { subnet: { network_id: id, cidr, ip_version } })).status;
  expect(await subnet("10.0.0.0/21")).toBe(413);
  expect(await subnet("10.0.0.0/30")).toBe(413);
  expect(await subnet("10.0.0.5/24")).toBe(400);
  expect(await subnet("10.0.0.0/22")).toBe(201);
  expect(await subnet("10.0.4.0/24")).toBe(400);
  await it.create(SERVERS, newServer(it, { networks: [{ uuid: id }] }));
  expect(await subnet("fd00::/64", 6)).toBe(400);
});

test("a subnet is deleted only with its network", async () => {
  const id = await privateNetwork(it);
  expect((await it.ask("DELETE", `${SUBNETS}/3`)).status).toBe(400);
  expect((await it.ask("DELETE", `${NETWORKS}/${id}`)).status).toBe(204);
  expect((await it.ask("GET", `${SUBNETS}/3`)).body).toMatchObject({
    subnet: { deleted: true, allocation_pools: [] },
  });
});

test("a deleted network stays readable, and cannot be deleted again", async () => {
  const id = await privateNetwork(it);
  await it.ask("DELETE", `${NETWORKS}/${id}`);
  const { status, body } = await it.ask("GET", `${NETWORKS}/${id}`);
  expect([status, (body.network as { status: string }).status]).toEqual([200, "DELETED"]);
  expect((await it.ask("DELETE", `${NETWORKS}/${id}`)).body).toEqual({
    badRequest: { message: "Network has been deleted.", code: 400, details: "" },
  });
  expect(it.okeanos.remaining().networks).toEqual([]);
});

test("a network that had servers is deleted with a delay, and accepts further DELETE requests until then", async () => {
  const id = await privateNetwork(it);
  const server = await it.create(SERVERS, newServer(it, { networks: [{ uuid: id }] }));
  it.wait();
  expect((await it.ask("DELETE", `${NETWORKS}/${id}`)).status).toBe(409);
  await it.ask("DELETE", `${SERVERS}/${String(server.id)}`);
  it.wait();
  expect((await it.ask("DELETE", `${NETWORKS}/${id}`)).status).toBe(204);
  expect((await it.ask("DELETE", `${NETWORKS}/${id}`)).status).toBe(204);
  expect(it.okeanos.remaining().networks).toEqual(["n"]);
  it.wait();
  expect(it.okeanos.remaining().networks).toEqual([]);
});

test("on a private network, a requested address is ignored for a new port, but used for a new server", async () => {
  const id = await privateNetwork(it);
  const fixed_ips = [{ ip_address: "192.168.7.20" }];
  const port = await it.create(PORTS, { port: { network_id: id, fixed_ips } });
  expect(port.fixed_ips).toEqual([{ subnet: "3", ip_address: "192.168.7.2" }]);
  const planned = { uuid: id, fixed_ip: "192.168.7.20" };
  const server = await it.create(SERVERS, newServer(it, { networks: [planned] }));
  it.wait();
  const { body } = await it.ask("GET", `${SERVERS}/${String(server.id)}`);
  expect((body.server as { addresses: unknown }).addresses).toEqual({
    [id]: [{ version: 4, addr: "192.168.7.20", "OS-EXT-IPS:type": "fixed" }],
  });
});

test("a server with an address in use or outside the network is refused, and leaves no port behind", async () => {
  const id = await privateNetwork(it);
  const server = (fixed_ip: string): object =>
    newServer(it, { networks: [{ uuid: id }, { uuid: id, fixed_ip }] });
  expect((await it.ask("POST", SERVERS, server("10.9.9.9"))).status).toBe(400);
  expect((await it.ask("POST", SERVERS, server("192.168.7.2"))).status).toBe(409);
  expect(it.okeanos.remaining()).toMatchObject({ servers: [], ports: [] });
});

test("a port without a server is DOWN; a port of a server is BUILD, then ACTIVE, and deleted with a delay", async () => {
  const id = await privateNetwork(it);
  const free = await it.create(PORTS, { port: { network_id: id } });
  const server = await it.create(SERVERS, newServer(it));
  it.wait();
  const device_id = String(server.id);
  const port = await it.create(PORTS, { port: { network_id: id, device_id } });
  const path = `${PORTS}/${String(port.id)}`;
  it.wait();
  const { body } = await it.ask("GET", path);
  expect([free.status, port.status, (body.port as { status: string }).status]).toEqual([
    "DOWN",
    "BUILD",
    "ACTIVE",
  ]);
  expect((await it.ask("DELETE", path)).status).toBe(204);
  expect((await it.ask("GET", path)).status).toBe(200);
  it.wait();
  expect((await it.ask("GET", path)).status).toBe(404);
});

test("a port cannot be connected to a server that is being built, or after the creation of the port", async () => {
  const id = await privateNetwork(it);
  const free = await it.create(PORTS, { port: { network_id: id } });
  const server = await it.create(SERVERS, newServer(it));
  const device_id = String(server.id);
  expect((await it.ask("POST", PORTS, { port: { network_id: id, device_id } })).body).toEqual({
    buildInProgress: { message: "Server '1' is being built.", code: 409, details: "" },
  });
  const path = `${PORTS}/${String(free.id)}`;
  const { body } = await it.ask("PUT", path, { port: { device_id } });
  expect(body).toMatchObject({ port: { device_id: null } });
});

test("a GET of a port with an IPv4 and an IPv6 address gets 500, and the list has the port twice", async () => {
  const id = await privateNetwork(it);
  await it.create(SUBNETS, { subnet: { network_id: id, cidr: "fd00::/64", ip_version: 6 } });
  await it.create(SERVERS, newServer(it, { networks: [{ uuid: id }] }));
  it.wait();
  expect((await it.ask("GET", `${PORTS}/1`)).status).toBe(500);
  expect((await it.ask("GET", PORTS)).body.ports).toHaveLength(2);
});

test("a floating IP is created with 200, has no field for its status, and cannot be updated", async () => {
  const { status, body } = await it.ask("POST", FLOATING_IPS, { floatingip: {} });
  expect([status, "status" in (body.floatingip as object)]).toEqual([200, false]);
  expect((await it.ask("PUT", `${FLOATING_IPS}/1`, { floatingip: {} })).status).toBe(501);
});

test("a server on the public network needs a floating IP of its user", async () => {
  const server = (fixed_ip?: string): object =>
    newServer(it, { networks: [{ uuid: "1", ...(fixed_ip !== undefined && { fixed_ip }) }] });
  expect((await it.ask("POST", SERVERS, server())).status).toBe(409);
  expect((await it.ask("POST", SERVERS, server("83.212.0.9"))).status).toBe(404);
  const ip = await it.create(FLOATING_IPS, { floatingip: { floating_network_id: "1" } });
  await it.create(SERVERS, server(String(ip.floating_ip_address)));
  it.wait();
  const path = `${FLOATING_IPS}/${String(ip.id)}`;
  expect((await it.ask("GET", path)).body).toMatchObject({ floatingip: { instance_id: "1" } });
  expect((await it.ask("DELETE", path)).body).toEqual({
    conflict: { message: "IP '1' is used by server '1'", code: 409, details: "" },
  });
});
