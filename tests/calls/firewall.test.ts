import type { ChildProcess } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Phone } from "../../phones";
import { ended, start } from "../../phones/command";
import { within } from "../../phones/deadline";
import { eventually } from "./support/eventually";
import { Exchange, IMAGES_DEADLINE, KINDS, TEST_DEADLINE } from "./support/exchange";
import { OFFICES, PUBLIC } from "./support/network";
import type { Server } from "./support/server";
import { Stack } from "./support/stack";
import { undisturbed, Witness } from "./support/witness";

jest.setTimeout(2 * TEST_DEADLINE);

const SUPPORT = join(__dirname, "support");
const RULES = "/etc/nftables.conf";
const TABLE = ["inet", "trunkline_firewall"];

/** A host of the Internet that listens, and that no node has any business with. */
const OUTSIDE = "office4";
const OUTSIDE_ADDRESS = `${PUBLIC}.${String(200 + OFFICES.indexOf(OUTSIDE))}`;
/** IAX2, SIP, DNS, NTP and HTTPS. */
const OUTSIDE_PORTS = [
  ...["udp:4569", "udp:5060", "udp:53", "udp:123", "udp:20000"],
  ...["tcp:5060", "tcp:443", "tcp:53", "tcp:4569"],
];
const to = (address: string, ports: readonly string[]): string[] =>
  ports.map((port) => port.replace(":", `:${address}:`));

/** What reaches the outside host, port by port. */
class Listener {
  readonly heard: string[] = [];

  private constructor(private readonly process: ChildProcess) {}

  static async start(namespace: string): Promise<Listener> {
    const argv = ["/usr/bin/python3", join(SUPPORT, "listen.py"), ...OUTSIDE_PORTS];
    const child = start(namespace, argv, { stdio: ["ignore", "pipe", "inherit"] });
    const listener = new Listener(child);
    const ready = new Promise<void>((resolve) => {
      child.stdout?.on("data", (data: Buffer) => {
        for (const word of data
          .toString()
          .split("\n")
          .filter((line) => line !== "")) {
          if (word === "ready") resolve();
          else listener.heard.push(word);
        }
      });
    });
    await within(5_000, "the outside host", ready);
    return listener;
  }

  async stop(): Promise<void> {
    this.process.kill("SIGKILL");
    await ended(this.process);
  }
}

describe.each(KINDS)("nodes behind their own firewall, with $name,", ({ kind }) => {
  let exchange: Exchange;
  let stack: Stack;
  let outside: Listener;
  /** In zone1 and zone2. */
  let alice: Phone;
  let bob: Phone;
  let reach: string;

  beforeAll(async () => {
    reach = await readFile(join(SUPPORT, "reach.py"), "utf8");
    exchange = await Exchange.start({ zones: [kind, kind] });
    stack = await Stack.of(exchange, kind);
    outside = await Listener.start(exchange.network.namespace(OUTSIDE));
    alice = await exchange.phoneIn("zone1", "1001");
    bob = await exchange.phoneIn("zone2", "1002");
  }, IMAGES_DEADLINE);
  beforeEach(() => {
    outside.heard.length = 0;
  });
  afterAll(async () => {
    await outside.stop();
    await exchange.close();
  });

  const nodes = (): Server[] => [...exchange.zones, exchange.controller];

  /** What becomes of packets from a node, sent by root. */
  const sent = async (node: Server, ...targets: readonly string[]): Promise<string[]> =>
    (await node.inside(["/usr/bin/python3", "-c", reach, ...targets])).trim().split("\n");

  /** How many packets a node has refused to send. */
  const refused = async (node: Server): Promise<number> =>
    Number(
      /counter packets (\d+)/.exec(await node.inside(["nft", "list", "table", ...TABLE]))?.[1],
    );

  /** A packet that is allowed comes after all that was sent before. */
  async function heardOutside(): Promise<string[]> {
    expect(await sent(exchange.zone("zone1"), `udp:${OUTSIDE_ADDRESS}:20000:10998`)).toEqual([
      "sent",
    ]);
    await eventually("a packet from an RTP port", 5, () =>
      Promise.resolve(outside.heard.includes("udp:20000") ? true : null),
    );
    return outside.heard;
  }

  async function talk(): Promise<void> {
    const [outgoing, incoming] = await exchange.connect(alice, bob);
    await exchange.hear(alice, bob);
    await outgoing.hangUp();
    await incoming.closed;
  }

  test("a zone sends nothing to other hosts, but from its RTP ports", async () => {
    const targets = to(OUTSIDE_ADDRESS, OUTSIDE_PORTS);
    const results = await sent(exchange.zone("zone1"), ...targets);
    expect(results.filter((result) => ["sent", "connected"].includes(result))).toEqual([]);
    expect(await heardOutside()).toEqual(["udp:20000"]);
  });

  test("a channel that Asterisk is made to open to another host does not leave the zone", async () => {
    const zone = exchange.zone("zone1");
    await zone.cli("module load res_clioriginate.so");
    const before = await refused(zone);
    const technology = {
      pjsip: `PJSIP/1001/sip:1@${OUTSIDE_ADDRESS}`,
      chan_sip: `SIP/${OUTSIDE_ADDRESS}/1`,
    };
    for (const channel of [`IAX2/${OUTSIDE_ADDRESS}/1`, technology[kind.sipDriver]]) {
      const answer = await zone.cli(`channel originate ${channel} application Wait 1`);
      expect(answer).not.toContain("No such command");
    }
    await eventually("packets that are refused", 5, async () =>
      (await refused(zone)) > before ? true : null,
    );
    expect(await heardOutside()).toEqual(["udp:20000"]);
  });

  test("a zone reaches its peers by IAX2 alone, and the controller by reports alone", async () => {
    const [zone1, zone2] = [exchange.zone("zone1"), exchange.plan.zones[1]?.fixedIp ?? ""];
    const controller = exchange.plan.controller.fixedIp;
    const results = await sent(
      zone1,
      ...to(zone2, ["tcp:22", "tcp:5060", "udp:53", "udp:4569"]),
      ...to(controller, ["tcp:22", "tcp:5060", "udp:123"]),
    );
    expect(results.filter((result) => ["sent", "connected"].includes(result))).toEqual([]);
    // Nothing listens there in this exchange: the controller's own refusal comes back.
    expect(["connected", "ECONNREFUSED"]).toContain(
      (await sent(zone1, ...to(controller, ["tcp:5075"])))[0],
    );
    const byAsterisk = ["runuser", "-u", "asterisk", "--", "/usr/bin/python3", "-c", reach];
    expect((await zone1.inside([...byAsterisk, `tcp:${controller}:5075`])).trim()).toBe(
      "EHOSTUNREACH",
    );
  });

  test("the controller sends nothing to other hosts", async () => {
    const results = await sent(exchange.controller, ...to(OUTSIDE_ADDRESS, OUTSIDE_PORTS));
    expect(results.filter((result) => ["sent", "connected"].includes(result))).toEqual([]);
    expect(await heardOutside()).toEqual(["udp:20000"]);
  });

  test("a node lets in what its rules name, whatever the cloud lets through", async () => {
    const zone2 = exchange.plan.zones[1]?.fixedIp ?? "";
    // The sender's own filter away, the receiver's is what is left.
    const zone1 = exchange.zone("zone1");
    await zone1.inside(["nft", "delete", "table", ...TABLE]);
    try {
      const results = await sent(zone1, ...to(zone2, ["tcp:22", "tcp:5060"]));
      expect(results).toEqual(["no answer", "no answer"]);
    } finally {
      await zone1.inside(["nft", "-f", RULES]);
    }
  });

  test("a call does not notice that nodes get a firewall, or another one", async () => {
    const witness = await Witness.between(exchange, alice, bob);
    // As on servers of before there was one.
    for (const node of nodes()) await node.inside(["nft", "delete", "table", ...TABLE]);

    await stack.up({}, (_, files) =>
      files.map((file) =>
        file.path === RULES ? { ...file, content: `${file.content}# changed\n` } : file,
      ),
    );

    for (const node of nodes()) {
      expect(await node.read(RULES)).toMatch(/# changed\n$/);
      expect(await node.inside(["nft", "list", "ruleset"])).toContain(`table ${TABLE.join(" ")} {`);
    }
    expect(await witness.testimony()).toEqual(undisturbed());
    // Over the connections of before.
    await witness.hangUp(1);
    await talk();
  });

  test("a zone's own requests get through on connections of before the firewall", async () => {
    for (const node of nodes()) await node.inside(["nft", "delete", "table", ...TABLE]);
    for (const node of nodes()) await node.inside(["nft", "-f", RULES]);
    // Bob has said nothing since: his zone speaks first.
    await talk();
    expect(await exchange.whereabouts("1002")).toEqual(["zone2"]);
  });
});
