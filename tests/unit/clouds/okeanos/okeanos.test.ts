import { okeanosCloud, type OkeanosCloudOptions } from "../../../../clouds/okeanos";
import { OkeanosClient as Client } from "../../../../clouds/okeanos/client";
import { makeNetwork } from "../../../../clouds/okeanos/networks";
import { OWNER } from "../../../../clouds/okeanos/servers";
import { OperatorError } from "../../../../core/errors";
import { type Okeanos, type OkeanosOptions, startOkeanos } from "../../../okeanos/synnefo";

const TAG = "trunkline 0123456789ab";
const SMALL = "C1R1024D20drbd";
const LARGE = "C4R4096D40drbd";

let okeanos: Okeanos;
let client: Client;

async function start(options: OkeanosOptions = {}): Promise<void> {
  okeanos = await startOkeanos({ buildTime: 5, taskTime: 5, ...options });
  client = new Client(okeanos.identityUrl, okeanos.token, { pause: 1 });
}

afterEach(async () => {
  expect(okeanos.unknownRequests).toEqual([]);
  await okeanos.stop();
});

const cloud = (options: Partial<OkeanosCloudOptions> = {}) =>
  okeanosCloud(
    { flavor: SMALL, tag: TAG, project: undefined, reuseAddresses: false, ...options },
    () => client,
  );

describe("the headroom for zones", () => {
  test("is what the scarcest quota allows, for example public addresses or processors", async () => {
    await start({ users: [{ limits: { "cyclades.floating_ip": 3 } }] });
    expect(await cloud().headroom()).toEqual({
      zones: 3,
      shortage: "3 of 3 public addresses left, and a zone needs 1",
    });
    expect(await cloud({ flavor: LARGE }).headroom()).toEqual({
      zones: 2,
      shortage: "8 of 8 processors left, and a zone needs 4",
    });
  });

  test("depends on the limits of the selected project, for the user and for all members together", async () => {
    const limits = { "cyclades.ram": 4 * 2 ** 30 };
    const projectLimits = { "cyclades.ram": 3 * 2 ** 30 };
    await start({
      users: [{ limits: { "cyclades.vm": 0 } }],
      projects: [
        {
          id: "p1",
          name: "pbx.example.org",
          limits: { "cyclades.floating_ip": 9, ...limits },
          projectLimits,
        },
      ],
    });
    expect(await cloud({ project: "pbx.example.org" }).headroom()).toEqual({
      zones: 3,
      shortage: "3072 of 3072 MiB of memory left, and a zone needs 1024",
    });
    expect(await cloud().headroom()).toEqual({
      zones: 0,
      shortage: "0 of 0 servers left, and a zone needs 1",
    });
  });

  test("includes unused addresses if they are reused", async () => {
    await start();
    for (let count = 0; count < 2; count++)
      await client.post("network", "floatingips", { floatingip: {} });
    const shortage = "0 of 2 public addresses left, and a zone needs 1";
    expect(await cloud().headroom()).toEqual({ zones: 0, shortage });
    expect(await cloud({ reuseAddresses: true }).headroom()).toMatchObject({ zones: 2 });
  });

  test("of an unknown flavor or project is an error", async () => {
    await start();
    await expect(cloud({ flavor: "C9" }).headroom()).rejects.toThrow(
      /^okeanos: flavor C9 is not offered; use one of: C1R1024D20drbd, /,
    );
    const headroom = cloud({ project: "theirs" }).headroom();
    await expect(headroom).rejects.toThrow(/^okeanos: you are not a member of project theirs; /);
    await expect(headroom).rejects.toBeInstanceOf(OperatorError);
  });

  test("is an error if OS_AUTH_URL and OS_TOKEN are not set", async () => {
    await start();
    const withoutToken = okeanosCloud(
      { flavor: SMALL, tag: TAG, project: undefined, reuseAddresses: false },
      () => Client.fromEnvironment({}),
    );
    await expect(withoutToken.headroom()).rejects.toBeInstanceOf(OperatorError);
  });
});

describe("a resource with the exchange's tag", () => {
  async function makeServer(
    name: string,
    metadata: Readonly<Record<string, string>>,
  ): Promise<void> {
    const { images } = await client.get<{ images: { id: string }[] }>("compute", "images");
    await client.post("compute", "servers", {
      server: { name, imageRef: images[0]?.id, flavorRef: 1, metadata, networks: [] },
    });
  }

  beforeEach(async () => {
    await start();
    await makeNetwork(client, `${TAG} trunk`, undefined);
    await makeNetwork(client, "trunkline 999999999999 trunk", undefined);
    await makeServer("ours", { [OWNER]: `${TAG} zone3` });
    await makeServer("of others", { [OWNER]: "trunkline 999999999999 zone3" });
    await makeServer("without", { sipDriver: "pjsip" });
  });

  test("is listed, in the order of deletion, and other resources are not", async () => {
    expect(await cloud().taggedResources()).toMatchObject([
      { kind: "server", type: "pbx:okeanos:Server", id: "1", node: "zone3" },
      { kind: "network", type: "pbx:okeanos:Network", id: "3", node: "trunk" },
    ]);
  });

  test("can be removed, and other resources stay", async () => {
    for (const thing of await cloud().taggedResources()) await thing.remove();
    expect(await cloud().taggedResources()).toEqual([]);
    expect(okeanos.remaining()).toMatchObject({
      servers: ["of others", "without"],
      networks: ["trunkline 999999999999 trunk"],
    });
  });

  test("that cannot be removed causes an error", async () => {
    const [server] = await cloud().taggedResources();
    okeanos.fail(({ method }) => (method === "DELETE" ? { status: 503 } : undefined));
    await expect(server?.remove()).rejects.toThrow(
      new OperatorError(
        "okeanos: DELETE servers/1 failed (503 Failed by the test); run the same command again",
      ),
    );
  });
});
