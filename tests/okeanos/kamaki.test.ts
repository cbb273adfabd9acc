import { type Kamaki, kamakiOf } from "./kamaki";
import { type Okeanos, startOkeanos } from "./synnefo";

// The first run creates a root file system for kamaki, which can take minutes.
jest.setTimeout(600_000);

interface Thing {
  readonly id: string | number;
  readonly name: string;
  readonly status: string;
}

let okeanos: Okeanos;
let kamaki: Kamaki;

beforeAll(async () => {
  okeanos = await startOkeanos();
  kamaki = await kamakiOf(okeanos);
});

afterAll(async () => {
  await okeanos.stop();
  await kamaki.remove();
});

const list = async (...command: string[]): Promise<Thing[]> =>
  (await kamaki.json(...command)) as Thing[];
const make = async (...command: string[]): Promise<Thing> =>
  (await kamaki.json(...command)) as Thing;

async function until(id: number | string, status: string, kind = "server"): Promise<void> {
  while ((await make(kind, "info", String(id))).status !== status);
}

test("kamaki finds the user, the quotas, the flavors and the images", async () => {
  expect(await make("user", "info")).toMatchObject({ id: okeanos.userId, name: "First Last" });
  expect(Object.keys(await make("quota", "list"))).toEqual([okeanos.userId]);
  const names = (things: readonly Thing[]): string[] => things.map(({ name }) => name);
  expect(names(await list("flavor", "list"))).toEqual(
    ["drbd", "ext_vlmc"].flatMap((kind) =>
      ["C1R1024D20", "C2R2048D20", "C2R2048D40", "C4R4096D40"].map((size) => size + kind),
    ),
  );
  expect(names(await list("imagecompute", "list"))).toEqual(["Debian Base", "Ubuntu Server LTS"]);
});

test("kamaki creates resources in the cloud, and deletes all of them", async () => {
  const [image] = await list("imagecompute", "list");
  const network = await make("network", "create", "--type=MAC_FILTERED", "--name=trunk");
  const onNetwork = `--network-id=${String(network.id)}`;
  await make("subnet", "create", onNetwork, "--cidr=192.168.0.0/24");
  await make("ip", "create");
  const server = await make(
    "server",
    "create",
    "--name=zone1",
    "--flavor-id=1",
    `--image-id=${String(image?.id)}`,
    `--network=${String(network.id)},192.168.0.9`,
  );
  await until(server.id, "ACTIVE");
  // Adds a second NIC. The list of ports has the ID of the new NIC's port.
  await kamaki.text("port", "create", onNetwork, `--device-id=${String(server.id)}`);
  const ports = (await list("port", "list")).map(({ id }) => String(id));
  expect(ports).toHaveLength(2);
  const hot = ports[1] ?? "";
  await until(hot, "ACTIVE", "port");
  expect((await list("server", "list")).map(({ name }) => name)).toEqual(["zone1"]);
  expect(okeanos.remaining()).toEqual({
    servers: ["zone1"],
    networks: ["trunk"],
    ports,
    floatingIps: ["83.212.0.2"],
    keyPairs: [],
  });

  await kamaki.text("port", "delete", hot, "--wait");
  await kamaki.text("server", "shutdown", String(server.id));
  await until(server.id, "STOPPED");
  await kamaki.text("server", "delete", String(server.id));
  await until(server.id, "DELETED");
  const [ip] = await list("ip", "list");
  await kamaki.text("ip", "delete", String(ip?.id));
  await kamaki.text("network", "delete", String(network.id));
  await until(network.id, "DELETED", "network");
  expect(okeanos.remaining()).toEqual({
    servers: [],
    networks: [],
    ports: [],
    floatingIps: [],
    keyPairs: [],
  });
});

test("kamaki sends no request that the API does not have", () => {
  expect(okeanos.unknownRequests).toEqual([]);
});
