import type { ChildProcess } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { ended, start } from "../../phones/child-process";
import type { Phone } from "../../phones/phone";
import { within } from "../../phones/within";
import { undisturbed, CallMonitor } from "./support/call-monitor";
import { eventually } from "./support/eventually";
import { Exchange, IMAGES_DEADLINE, KINDS, TEST_DEADLINE } from "./support/exchange";
import { OFFICES, PUBLIC } from "./support/network";
import type { TestServer } from "./support/server";
import { Stack } from "./support/stack";

jest.setTimeout(2 * TEST_DEADLINE);

const SUPPORT = join(__dirname, "support");
const RULES = "/etc/nftables.conf";
const TABLE = ["inet", "trunkline_firewall"];

/** Host on the Internet that listens, and that no node needs to reach. */
const OUTSIDE = "office4";
const OUTSIDE_ADDRESS = `${PUBLIC}.${String(200 + OFFICES.indexOf(OUTSIDE))}`;
/** Ports on which the outside host listens: IAX2, SIP, DNS, NTP, HTTPS, and a port for media. */
const OUTSIDE_PORTS = [
  "udp:4569",
  "udp:5060",
  "udp:53",
  "udp:123",
  "udp:20000",
  "tcp:5060",
  "tcp:443",
  "tcp:53",
  "tcp:4569",
];
const to = (address: string, ports: readonly string[]): string[] =>
  ports.map((port) => port.replace(":", `:${address}:`));

/** Listener on the outside host that records each reached port. */
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

describe.each(KINDS)("with the firewall of the nodes and $name,", ({ kind }) => {
  let exchange: Exchange;
  let stack: Stack;
  let outside: Listener;
  /** Phones: Alice's is registered in zone1, Bob's in zone2. */
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

  const nodes = (): TestServer[] => [...exchange.zones, exchange.controller];

  /** Tries to reach the targets from a node as root. Returns the results of `reach.py`. */
  const sent = async (node: TestServer, ...targets: readonly string[]): Promise<string[]> =>
    (await node.inside(["/usr/bin/python3", "-c", reach, ...targets])).trim().split("\n");

  /** Returns the number of packets that a node has refused to send. */
  const refused = async (node: TestServer): Promise<number> =>
    Number(
      /counter packets (\d+)/.exec(await node.inside(["nft", "list", "table", ...TABLE]))?.[1],
    );

  /**
   * Returns the ports of the outside host that packets have reached. First sends an allowed packet and waits for it,
   * because it arrives after all earlier packets.
   */
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

  test("a zone sends packets to hosts outside the exchange only from its RTP ports", async () => {
    const targets = to(OUTSIDE_ADDRESS, OUTSIDE_PORTS);
    const results = await sent(exchange.zone("zone1"), ...targets);
    expect(results.filter((result) => ["sent", "connected"].includes(result))).toEqual([]);
    expect(await heardOutside()).toEqual(["udp:20000"]);
  });

  test("packets of a call that Asterisk's console places to an outside host do not leave the zone", async () => {
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

  test("from an arbitrary port, a zone reaches only the controller's report port, and Asterisk's user not even that port", async () => {
    const [zone1, zone2] = [exchange.zone("zone1"), exchange.plan.zones[1]?.fixedIp ?? ""];
    const controller = exchange.plan.controller.fixedIp;
    const results = await sent(
      zone1,
      ...to(zone2, ["tcp:22", "tcp:5060", "udp:53", "udp:4569"]),
      ...to(controller, ["tcp:22", "tcp:5060", "udp:123"]),
    );
    expect(results.filter((result) => ["sent", "connected"].includes(result))).toEqual([]);
    // The controller refuses the connection if the admission service does not listen yet.
    expect(["connected", "ECONNREFUSED"]).toContain(
      (await sent(zone1, ...to(controller, ["tcp:5075"])))[0],
    );
    const byAsterisk = ["runuser", "-u", "asterisk", "--", "/usr/bin/python3", "-c", reach];
    expect((await zone1.inside([...byAsterisk, `tcp:${controller}:5075`])).trim()).toBe(
      "EHOSTUNREACH",
    );
  });

  test("the controller cannot send packets to a host that has not connected to it", async () => {
    const results = await sent(exchange.controller, ...to(OUTSIDE_ADDRESS, OUTSIDE_PORTS));
    expect(results.filter((result) => ["sent", "connected"].includes(result))).toEqual([]);
    expect(await heardOutside()).toEqual(["udp:20000"]);
  });

  test("a zone accepts neither SSH nor SIP from another zone, even if the sender has no firewall", async () => {
    const zone2 = exchange.plan.zones[1]?.fixedIp ?? "";
    // The packets leave zone1, so only the filter of zone2 can stop them.
    const zone1 = exchange.zone("zone1");
    await zone1.inside(["nft", "delete", "table", ...TABLE]);
    try {
      const results = await sent(zone1, ...to(zone2, ["tcp:22", "tcp:5060"]));
      expect(results).toEqual(["no answer", "no answer"]);
    } finally {
      await zone1.inside(["nft", "-f", RULES]);
    }
  });

  test("an update that installs the firewall does not disturb a call", async () => {
    const monitor = await CallMonitor.between(exchange, alice, bob);
    // Remove the firewall, because servers of earlier versions of the exchange have none.
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
    expect(await monitor.result()).toEqual(undisturbed());
    // The BYE uses the phones' connections, which are older than the firewall.
    await monitor.hangUp(1);
    await talk();
  });

  test("a zone's own requests pass on connections that are older than the firewall", async () => {
    for (const node of nodes()) await node.inside(["nft", "delete", "table", ...TABLE]);
    for (const node of nodes()) await node.inside(["nft", "-f", RULES]);
    // Bob's phone sends no request after the load of the firewall. zone2 sends the first request to the phone.
    await talk();
    expect(await exchange.zonesOf("1002")).toEqual(["zone2"]);
  });
});
