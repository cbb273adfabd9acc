import { existsSync } from "node:fs";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { IAX2_PORT, RTP_PORTS, SIP_PORT, SSH_PORT } from "../../../core/ports";
import { run } from "../../../phones/child-process";

/** Host of the cloud, with its fixed IP in the trunk network and its floating IP (`address`). */
export interface Host {
  readonly name: string;
  readonly fixedIp: string;
  readonly address: string;
}

/** Names of offices. Each office is a namespace with phones, which share one address by default. */
export const OFFICES = ["office1", "office2", "office3", "office4"] as const;
export type Office = (typeof OFFICES)[number];

/** Name of the operator's namespace. In the public network, only this namespace reaches the controller's SSH. */
export const OPERATOR = "operator";

/** First three bytes of the public network, a documentation range (RFC 5737). It exists only inside the namespaces. */
export const PUBLIC = "198.51.100";
/** Address of each office in the public network. */
export const OFFICE_ADDRESS = Object.fromEntries(
  OFFICES.map((office, index) => [office, `${PUBLIC}.${String(200 + index)}`]),
) as Readonly<Record<Office, string>>;
const OPERATOR_ADDRESS = `${PUBLIC}.210`;
/** Networks that may use SSH to the controller. */
export const OPERATOR_CIDRS = [`${OPERATOR_ADDRESS}/32`];
const TRUNK_GATEWAY = "192.168.0.1/24";

/** Prefix of the names of this process's namespaces and folders. */
const MINE = `pbx-calls-${String(process.pid)}-`;
const ANY_RUN = /^pbx-calls-(\d+)-/;

export const newFolder = (): Promise<string> => mkdtemp(join(tmpdir(), MINE));

/** Removes the namespaces and folders of test processes that no longer exist. */
export async function removeLeftovers(): Promise<void> {
  const isLeftover = (name: string): boolean => {
    const pid = ANY_RUN.exec(name)?.[1];
    return pid !== undefined && !existsSync(`/proc/${pid}`);
  };
  const list = await run(["ip", "-j", "netns", "list"]);
  for (const { name } of JSON.parse(list === "" ? "[]" : list) as { name: string }[]) {
    if (!isLeftover(name)) continue;
    await run(["ip", "netns", "delete", name]).catch((error: unknown) => {
      // Another test process that starts at the same time may have removed the namespace.
      if (existsSync(`/run/netns/${name}`)) throw error;
    });
  }
  for (const name of await readdir(tmpdir())) {
    if (isLeftover(name)) await rm(join(tmpdir(), name), { recursive: true, force: true });
  }
}

/**
 * Network of a cloud, in namespaces. The namespace `router` stands for Neutron's router, between the trunk network and
 * the public network. A host has only its fixed IP. The router translates the floating IP of the host. From the public
 * network, the router forwards only the traffic that the security groups allow.
 */
export class TestNetwork {
  private static count = 0;
  private readonly prefix = `${MINE}${String(++TestNetwork.count)}-`;
  private readonly names: string[] = [];
  private hosts: readonly Host[] = [];

  /** @param controller name of the host that phones connect to. */
  private constructor(private readonly controller: string) {}

  static async create(hosts: readonly Host[], controller: string): Promise<TestNetwork> {
    await removeLeftovers();
    const network = new TestNetwork(controller);
    try {
      await network.build();
      for (const host of hosts) await network.attach(host);
      return network;
    } catch (error) {
      await network.remove();
      throw error;
    }
  }

  /** Returns the namespace of a host, the `router`, an office, or the operator. */
  namespace(name: string): string {
    return this.prefix + name;
  }

  /** Adds a host to the trunk network, and its floating IP to the router. */
  async attach(host: Host): Promise<void> {
    await this.router("address", "add", `${host.address}/32`, "dev", "public");
    await this.plug(host.name, "trunk", `${host.fixedIp}/24`, "192.168.0.1");
    await this.route([...this.hosts, host]);
  }

  /** Removes a host and its floating IP. All processes of the host must have ended. */
  async detach(name: string): Promise<void> {
    const gone = this.hosts.find((host) => host.name === name);
    await this.route(this.hosts.filter((host) => host !== gone));
    await this.router("address", "delete", `${gone?.address ?? ""}/32`, "dev", "public");
    await this.router("link", "delete", name);
    const namespace = this.namespace(name);
    await run(["ip", "netns", "delete", namespace]);
    this.names.splice(this.names.indexOf(namespace), 1);
  }

  async remove(): Promise<void> {
    for (const name of this.names.splice(0)) await run(["ip", "netns", "delete", name]);
  }

  private async build(): Promise<void> {
    await this.add("router");
    for (const [bridge, address] of [
      ["trunk", TRUNK_GATEWAY],
      ["public", `${PUBLIC}.1/24`],
    ] as const) {
      await this.router("link", "add", bridge, "type", "bridge");
      await this.router("address", "add", address, "dev", bridge);
      await this.router("link", "set", bridge, "up");
    }
    await run(["sysctl", "-qw", "net.ipv4.ip_forward=1"], { namespace: this.namespace("router") });
    for (const office of OFFICES) {
      await this.plug(office, "public", `${OFFICE_ADDRESS[office]}/24`, `${PUBLIC}.1`);
    }
    await this.plug(OPERATOR, "public", `${OPERATOR_ADDRESS}/24`, `${PUBLIC}.1`);
  }

  /** Runs `ip` in the router. */
  private router(...command: readonly string[]): Promise<string> {
    return run(["ip", "-n", this.namespace("router"), ...command]);
  }

  private async route(hosts: readonly Host[]): Promise<void> {
    this.hosts = hosts;
    await run(["nft", "-f", "-"], {
      namespace: this.namespace("router"),
      input: routerRules(hosts, this.controller),
    });
  }

  private async add(name: string): Promise<void> {
    const namespace = this.namespace(name);
    await run(["ip", "netns", "add", namespace]);
    this.names.push(namespace);
    await run(["ip", "-n", namespace, "link", "set", "lo", "up"]);
  }

  private async plug(
    name: string,
    bridge: "trunk" | "public",
    address: string,
    gateway: string,
  ): Promise<void> {
    await this.add(name);
    const namespace = this.namespace(name);
    await this.router("link", "add", name, "type", "veth", "peer", "eth0", "netns", namespace);
    await this.router("link", "set", name, "master", bridge, "up");
    await run(["ip", "-n", namespace, "address", "add", address, "dev", "eth0"]);
    await run(["ip", "-n", namespace, "link", "set", "eth0", "up"]);
    await run(["ip", "-n", namespace, "route", "add", "default", "via", gateway]);
  }
}

/** Returns nft rules that translate floating IPs as Neutron does, and that filter as the security groups do. */
function routerRules(hosts: readonly Host[], controller: string): string {
  const zones = hosts.filter(({ name }) => name !== controller);
  const [balancer] = hosts.filter(({ name }) => name === controller);
  const rules = [
    // nft replaces the table in one step. Existing connections keep their translated addresses.
    "table ip cloud {}",
    "delete table ip cloud",
    "table ip cloud {",
    "chain prerouting { type nat hook prerouting priority dstnat;",
    ...hosts.map(({ address, fixedIp }) => `ip daddr ${address} dnat to ${fixedIp}`),
    "}",
    "chain postrouting { type nat hook postrouting priority srcnat;",
    ...hosts.map(({ address, fixedIp }) => `oifname public ip saddr ${fixedIp} snat to ${address}`),
    "}",
    "chain forward { type filter hook forward priority filter; policy drop;",
    "ct state established,related accept",
    "iifname trunk accept",
    ...(balancer === undefined
      ? []
      : [
          `ip daddr ${balancer.fixedIp} tcp dport ${String(SIP_PORT)} accept`,
          `ip saddr ${OPERATOR_ADDRESS} ip daddr ${balancer.fixedIp} tcp dport ${String(SSH_PORT)} accept`,
        ]),
    ...zones.map(
      ({ fixedIp }) =>
        `ip daddr ${fixedIp} udp dport ${String(RTP_PORTS.start)}-${String(RTP_PORTS.end)} accept`,
    ),
    "}",
    "}",
  ];
  return `${rules.join("\n")}\n`;
}

/** Drops `percent` % of the trunk's packets that arrive in `namespace`. */
export const loseTrunkPackets = (namespace: string, percent: number): Promise<void> =>
  losePackets(namespace, String(IAX2_PORT), percent);

/** Drops `percent` % of the phones' media packets that arrive in `namespace`. */
export const loseMedia = (namespace: string, percent: number): Promise<void> =>
  losePackets(namespace, `${String(RTP_PORTS.start)}-${String(RTP_PORTS.end)}`, percent);

async function losePackets(namespace: string, ports: string, percent: number): Promise<void> {
  const rule = `udp dport ${ports} numgen random mod 100 < ${String(percent)} drop`;
  const input = `table ip loss { chain input { type filter hook input priority filter; ${rule}; }; }\n`;
  await run(["nft", "-f", "-"], { namespace, input });
}

/** Adds unused public addresses to the host in `namespace`, and returns them. */
export async function giveAddresses(namespace: string, count: number): Promise<string[]> {
  const addresses = Array.from({ length: count }, (_, index) => `${PUBLIC}.${String(100 + index)}`);
  const commands = addresses.map((address) => `address add ${address}/24 dev eth0\n`);
  await run(["ip", "-n", namespace, "-batch", "-"], { input: commands.join("") });
  return addresses;
}

/** Disconnects an office or a node from the network. Its peers get no notice and no further answers. */
export async function unplug(router: string, name: string): Promise<void> {
  await run(["ip", "-n", router, "link", "set", name, "down"]);
}

/** Connects an office or a node to the network again, after `unplug`. */
export async function plugIn(router: string, name: string): Promise<void> {
  await run(["ip", "-n", router, "link", "set", name, "up"]);
}
