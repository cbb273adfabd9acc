import { OkeanosClient as Client } from "../../clouds/okeanos/client";
import { type OkeanosDemand, preflight } from "../../clouds/okeanos/preflight";
import type { Logger } from "../../core/logger";
import type { OkeanosFloatingIpInputs, OkeanosServerInputs } from "../../provider/inputs";
import { OkeanosFloatingIpHandler } from "../../provider/okeanos/floating-ip";
import { OkeanosNetworkHandler } from "../../provider/okeanos/network";
import { OkeanosServerHandler } from "../../provider/okeanos/server";
import { PbxResourceProvider } from "../../provider/provider";
import { type Failure, failNext, type Okeanos, type Seen, startOkeanos } from "./synnefo";

jest.setTimeout(60_000);

const SMALL = "C1R1024D20drbd";
const NETWORK = { name: "trunk-of-tests", cidr: "192.168.0.0/24" };
const ADDRESS: OkeanosFloatingIpInputs = {
  name: "zone1",
  pool: "public",
  reuse: false,
  reserved: [],
};
const EMPTY = { servers: [], networks: [], ports: [], floatingIps: [], keyPairs: [] };
const log: Logger = { status: () => undefined, info: () => undefined, warn: () => undefined };

let okeanos: Okeanos;
let client: Client;
let abort: AbortController;
/** Time at which the simulated cloud's clock stands still, in milliseconds since 1970; undefined while it runs. */
let stalled: number | undefined;
const { now } = Date;

beforeEach(async () => {
  stalled = undefined;
  okeanos = await startOkeanos({ buildTime: 20, taskTime: 5, time: () => stalled ?? now() });
  client = new Client(okeanos.identityUrl, okeanos.token, {
    timeout: 250,
    pause: 5,
    lateExecutionTimeout: 500,
  });
  abort = new AbortController();
});

afterEach(async () => {
  jest.restoreAllMocks();
  expect(okeanos.unknownRequests).toEqual([]);
  await okeanos.stop();
});

const kinds = () => {
  const get = (): Client => client;
  return {
    networks: new OkeanosNetworkHandler(get, abort.signal),
    addresses: new OkeanosFloatingIpHandler(get, abort.signal),
    servers: new OkeanosServerHandler(get, abort.signal),
  };
};

async function imageId(): Promise<string> {
  const { images } = await client.get<{ images: { id: string }[] }>("compute", "images");
  return images[0]?.id ?? "";
}

/** Creates a network and a floating IP, and returns them with the inputs of a server that uses both. */
async function place() {
  const { networks, addresses } = kinds();
  const network = await networks.create(NETWORK, log);
  const address = await addresses.create(ADDRESS);
  const server: OkeanosServerInputs = {
    name: "zone1",
    owner: "0123456789abcdef",
    image: await imageId(),
    flavor: SMALL,
    network: { id: network.id, fixedIp: "192.168.0.2" },
    publicAddress: address.outs.address,
    metadata: { sipDriver: "pjsip" },
    userData: Buffer.from("#cloud-config\n").toString("base64"),
    replaceOn: [],
  };
  return { network, address, server };
}

async function removeAll(place_: Awaited<ReturnType<typeof place>>, serverIds: string[]) {
  const { networks, addresses, servers } = kinds();
  for (const id of serverIds) await servers.delete(place_.server, log, id);
  await addresses.delete({ ...ADDRESS, ...place_.address.outs }, log, place_.address.id);
  await networks.delete(NETWORK, log, place_.network.id);
}

test("a server gets the planned addresses, and all resources can be deleted", async () => {
  const there = await place();
  const { servers } = kinds();
  const { id } = await servers.create(there.server, log);
  const { server } = await client.get<{ server: { addresses: object; metadata: object } }>(
    "compute",
    `servers/${id}`,
  );
  expect(server.metadata).toEqual({
    sipDriver: "pjsip",
    "trunkline-owner": "0123456789abcdef",
    "trunkline-request": expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
  });
  expect(JSON.stringify(server.addresses)).toContain('"192.168.0.2"');
  expect(JSON.stringify(server.addresses)).toContain(`"${there.server.publicAddress}"`);
  await removeAll(there, [id]);
  expect(okeanos.remaining()).toEqual(EMPTY);
  expect(await servers.read(there.server, log, id)).toBeNull();
});

test("a change of flavor resizes a running server, and another disk size is refused; metadata is updated", async () => {
  const there = await place();
  const { servers } = kinds();
  const { id } = await servers.create(there.server, log);
  const next = { ...there.server, flavor: "C2R2048D20drbd", metadata: { role: "zone" } };
  expect(servers.diff(there.server, next)).toEqual({
    kind: "update",
    changedProperties: ["flavor", "metadata"],
    impact: [],
  });
  await servers.update(there.server, next, log, id);
  expect(await servers.read(next, log, id)).toEqual(next);
  const { server } = await client.get<{ server: { status: string; flavor: { id: number } } }>(
    "compute",
    `servers/${id}`,
  );
  expect([server.status, server.flavor.id]).toEqual(["ACTIVE", 2]);
  await expect(
    servers.update(next, { ...next, flavor: "C2R2048D40drbd" }, log, id),
  ).rejects.toThrow(
    "zone1: flavor C2R2048D40drbd has a disk of 40 GiB and C2R2048D20drbd one of 20; " +
      "a server keeps its disk, so choose a flavor with the same disk size",
  );
});

test("a change of flavor replaces the server if replaceOn contains flavor", async () => {
  const there = await place();
  const { servers } = kinds();
  const next = { ...there.server, flavor: "2", replaceOn: ["flavor", "metadata"] };
  expect(servers.diff(there.server, next).kind).toBe("replace");
});

describe("a flavor that is no longer offered", () => {
  const LARGER = "C2R2048D20drbd";
  const demand = (...servers: OkeanosDemand["servers"]): OkeanosDemand => ({
    addresses: 0,
    reuse: false,
    reserved: [],
    servers,
  });
  let server: OkeanosServerInputs;
  let id: string;

  beforeEach(async () => {
    ({ server } = await place());
    ({ id } = await kinds().servers.create(server, log));
    okeanos.retireFlavor(SMALL);
  });

  test("stays readable on its server", async () => {
    expect(await kinds().servers.read(server, log, id)).toEqual(server);
    const other = { ...server, flavor: LARGER };
    expect(await kinds().servers.read(other, log, id)).toEqual({ ...server, flavor: "1" });
  });

  test("can be kept by its server, and the preflight reports it", async () => {
    const { owner } = server;
    const { shortage, retired, table } = await preflight(
      client,
      demand({ flavor: SMALL, was: SMALL, owner }),
    );
    expect({ shortage, retired }).toEqual({ shortage: "", retired: SMALL });
    expect(table).toMatch(/ processors +0 .*\n +MiB of memory +0 /);
  });

  test("can be changed to another flavor, for which only the additional quota is needed", async () => {
    const { owner } = server;
    const { retired, table } = await preflight(
      client,
      demand({ flavor: LARGER, was: SMALL, owner }),
    );
    expect(retired).toBe("");
    expect(table).toMatch(/ servers +0 .*\n +processors +1 .*\n +MiB of memory +1024 /);
    const next = { ...server, flavor: LARGER };
    await kinds().servers.update(server, next, log, id);
    expect(await kinds().servers.read(next, log, id)).toEqual(next);
  });

  test("counts as zero processors and memory if it is unknown, and its server does not count as new", async () => {
    const { table } = await preflight(
      client,
      demand({ flavor: LARGER, was: "C9R9216D90drbd", owner: "of a server that is gone" }),
    );
    expect(table).toMatch(/ servers +0 .*\n +processors +2 .*\n +MiB of memory +2048 /);
  });

  test("is refused for a new server", async () => {
    await expect(preflight(client, demand({ flavor: SMALL, owner: "a new one" }))).rejects.toThrow(
      /^okeanos: flavor C1R1024D20drbd is not offered; use one of: C2R2048D20drbd,/,
    );
  });
});

test("the error for an exhausted quota says what to do", async () => {
  const there = await place();
  const { servers } = kinds();
  okeanos.fail(
    failNext(({ method, path }) => method === "POST" && path.endsWith("/servers"), { status: 413 }),
  );
  await expect(servers.create(there.server, log)).rejects.toThrow(
    /^zone1: Okeanos refuses the server: .+\. Free some of the quota, or request more$/,
  );
  expect(okeanos.remaining().servers).toEqual([]);
});

const LOST: readonly (readonly [string, Failure])[] = [
  ["is refused by an overloaded service", { status: 503 }],
  ["loses its connection", { reset: true }],
  ["is not answered", { silence: true }],
  ["has its effect but gets an error", { status: 500, lost: true }],
  ["has its effect but loses its connection", { reset: true, lost: true }],
  ["has its effect but is not answered", { silence: true, lost: true }],
];

describe.each(["/servers", "/floatingips", "/networks", "/subnets"])("a POST to %s", (suffix) => {
  const isIt = ({ method, path }: Seen): boolean => method === "POST" && path.endsWith(suffix);

  test.each(LOST)("that %s still results in exactly one resource", async (_, failure) => {
    okeanos.fail(failNext(isIt, failure));
    const there = await place();
    const { servers } = kinds();
    const { id } = await servers.create(there.server, log);
    const { servers: made, networks, floatingIps } = okeanos.remaining();
    expect([made.length, networks.length, floatingIps.length]).toEqual([1, 1, 1]);
    await removeAll(there, [id]);
    expect(okeanos.remaining()).toEqual(EMPTY);
  });
});

test("the creation of a server or a network deletes the one that an interrupted update left behind", async () => {
  const there = await place();
  const { servers, networks } = kinds();
  await servers.create(there.server, log);
  const { id } = await servers.create(there.server, log);
  expect(okeanos.remaining().servers).toHaveLength(1);
  await servers.delete(there.server, log, id);
  await networks.create(NETWORK, log);
  expect(okeanos.remaining().networks).toHaveLength(1);
});

test("an interrupted create is recorded, and the next update replaces the server", async () => {
  const there = await place();
  const { servers } = kinds();
  const waiting: Logger = {
    ...log,
    status: (line) => {
      if (line.startsWith("waiting")) abort.abort();
    },
  };
  await expect(servers.create(there.server, waiting)).rejects.toMatchObject({
    name: "NodeError",
    id: expect.stringMatching(/^\d+$/) as string,
  });
  expect(servers.diff({ ...there.server, unfinished: true }, there.server).kind).toBe("replace");
});

describe("an operation that exceeds its deadline or fails", () => {
  /** Advances `performance.now` by an hour at each reading, while the simulated cloud's clock stands still. */
  function hurry(): void {
    stalled = now();
    let time = performance.now();
    jest.spyOn(performance, "now").mockImplementation(() => (time += 3_600_000));
  }
  let there: Awaited<ReturnType<typeof place>>;
  beforeEach(async () => {
    there = await place();
  });

  test("reports the server that uses a network or an address, and says what to do", async () => {
    const { networks, addresses, servers } = kinds();
    const { id } = await servers.create(there.server, log);
    hurry();
    const { network, address } = there;
    await expect(networks.delete(NETWORK, log, network.id)).rejects.toThrow(
      `okeanos: network ${network.id} is still used by server ${id}; ` +
        "detach that server, or delete it, and run the same command again",
    );
    await expect(networks.create(NETWORK, log)).rejects.toThrow(
      `okeanos: network ${network.id} is still used by server ${id}; `,
    );
    await expect(servers.create({ ...there.server, owner: "another" }, log)).rejects.toThrow(
      `okeanos: public address ${address.outs.address} is still used by server ${id}; ` +
        "detach that server, or delete it, and run the same command again",
    );
    await expect(
      addresses.delete({ ...ADDRESS, ...address.outs }, log, address.id),
    ).rejects.toThrow(`okeanos: public address ${address.outs.address} is still used by server`);
  });

  test("reports the server and the step that did not end", async () => {
    const { servers } = kinds();
    const { id } = await servers.create(there.server, log);
    hurry();
    await expect(servers.delete(there.server, log, id)).rejects.toThrow(
      "zone1: server 1 is not deleted after 10 min; run the same command again",
    );
    const larger = { ...there.server, flavor: "C2R2048D20drbd" };
    await expect(servers.update(there.server, larger, log, id)).rejects.toThrow(
      "zone1: its server was not resized in time; run the same command again",
    );
  });

  test("reports and records a server that is not built", async () => {
    hurry();
    await expect(kinds().servers.create(there.server, log)).rejects.toThrow(
      /^zone1: server 1 is not built after 20 min; run the same command again\. The incomplete resource is recorded; /,
    );
  });

  test("does not hide an unexpected error", async () => {
    const { servers } = kinds();
    const { id } = await servers.create(there.server, log);
    const mistake = new TypeError("a mistake");
    jest.spyOn(client, "delete").mockRejectedValue(mistake);
    await expect(servers.delete(there.server, log, id)).rejects.toBe(mistake);
  });
});

test("after a cancellation, as by Ctrl-C, an operation ends with a one-line error", async () => {
  const there = await place();
  const { id } = await kinds().servers.create(there.server, log);
  jest.replaceProperty(process, "env", {
    ...process.env,
    OS_AUTH_URL: okeanos.identityUrl,
    OS_TOKEN: okeanos.token,
  });
  const provider = new PbxResourceProvider(() => log);
  await provider.cancel();
  const urn = "urn:pulumi:test::pbx::pbx:okeanos:Server::zone1";
  await expect(provider.delete(id, urn, there.server)).rejects.toMatchObject({
    name: "AbortError",
    stack: "The operation was aborted",
  });
});

test("with `reuse`, a FloatingIp uses a free address of the project, and its deletion keeps the address", async () => {
  const own = await kinds().addresses.create(ADDRESS);
  const { addresses } = kinds();
  const reused = await addresses.create({ ...ADDRESS, project: okeanos.userId, reuse: true });
  expect(reused).toEqual({ id: own.id, outs: { address: own.outs.address, found: true } });
  await addresses.delete({ ...ADDRESS, ...reused.outs }, log, reused.id);
  expect(okeanos.remaining().floatingIps).toHaveLength(1);
  await addresses.delete({ ...ADDRESS, ...own.outs }, log, own.id);
  expect(okeanos.remaining().floatingIps).toEqual([]);
});

test("an address that was just created for one node is not reused for another node", async () => {
  const { addresses } = kinds();
  const wanted = ["zone1", "zone2"].map((name) =>
    addresses.create({ ...ADDRESS, name, project: okeanos.userId, reuse: true }),
  );
  const [one, other] = await Promise.all(wanted);
  expect([one?.outs.found, other?.outs.found]).toEqual([false, false]);
  expect(other?.id).not.toBe(one?.id);
});

test("an unused address of another node of the stack is not reused", async () => {
  const own = await kinds().addresses.create(ADDRESS);
  const { addresses } = kinds();
  const another = { ...ADDRESS, name: "zone2", project: okeanos.userId, reuse: true };
  const { outs } = await addresses.create({ ...another, reserved: [own.outs.address] });
  expect(outs.found).toBe(false);
  expect(outs.address).not.toBe(own.outs.address);

  const needed = async (reserved: readonly string[]): Promise<string | undefined> => {
    const demand = { addresses: 3, reuse: true, servers: [], reserved };
    const { table } = await preflight(client, demand);
    return /public addresses +(\d+) /.exec(table)?.[1];
  };
  expect(await needed([])).toBe("1");
  expect(await needed([own.outs.address, outs.address])).toBe("3");
});

test("the error for a refused token says what to do, and does not contain the token", async () => {
  const stranger = new Client(okeanos.identityUrl, "a-secret-token", { pause: 5 });
  const answer = stranger.user();
  await expect(answer).rejects.toThrow(
    /^okeanos: the token was rejected; copy a valid token .+, and set OS_TOKEN to it$/,
  );
  await expect(answer).rejects.not.toThrow("a-secret-token");
});

test("the error for a missing token names the variables that are not set", () => {
  expect(() => Client.fromEnvironment({})).toThrow(
    "okeanos: OS_AUTH_URL and OS_TOKEN are not set in the environment; see docs/okeanos.md",
  );
});

test("TRUNKLINE_OKEANOS_TIMEOUT sets the timeout of a request in whole seconds", async () => {
  const env = { OS_AUTH_URL: okeanos.identityUrl, OS_TOKEN: okeanos.token };
  for (const wrong of ["0", "-1", "soon", "1.5"]) {
    expect(() => Client.fromEnvironment({ ...env, TRUNKLINE_OKEANOS_TIMEOUT: wrong })).toThrow(
      `okeanos: TRUNKLINE_OKEANOS_TIMEOUT is ${wrong}; set it to a number of seconds, such as 30`,
    );
  }
  okeanos.fail(failNext(({ path }) => path.endsWith("/tokens"), { silence: true }));
  const begin = Date.now();
  await Client.fromEnvironment({ ...env, TRUNKLINE_OKEANOS_TIMEOUT: "1" }).user();
  expect(Date.now() - begin).toBeGreaterThanOrEqual(1000);
});
