import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { run } from "../../phones/child-process";
import { newFolder, removeLeftovers } from "../calls/support/network";
import { CloudNode } from "./node";
import type { Hypervisor, Machine } from "./synnefo";

/** First bytes of this run's public network, which only this machine reaches. In the benchmark range (RFC 2544). */
const PUBLIC = `198.18.${String(process.pid % 256)}`;
export const PUBLIC_CIDR = `${PUBLIC}.0/24`;
const GATEWAY = `${PUBLIC}.1/24`;
const UPLINK = `pbx-ok-${String(process.pid % 100_000)}`;

/**
 * Real machines behind the servers of the simulated cloud, each in a network namespace. At its first start, a machine
 * gets a network card for each NIC of its server. Tests can reach the public network.
 */
export class Machines implements Hypervisor {
  private readonly nodes = new Map<number, CloudNode>();
  private readonly bridges = new Set<string>();

  private constructor(
    private readonly folder: string,
    private readonly wires: string,
  ) {}

  static async create(): Promise<Machines> {
    await removeLeftovers();
    const folder = await newFolder();
    const known = await run(["ip", "route", "show", "root", PUBLIC_CIDR]);
    if (known !== "")
      throw new Error(`this machine already has a network ${PUBLIC_CIDR}: ${known}`);
    // The name has the pattern of a run's folders. So `removeLeftovers` of the next run finds what a killed run left.
    const wires = `${folder.split("/").at(-1) ?? ""}-wires`;
    await run(["ip", "netns", "add", wires]);
    const machines = new Machines(folder, wires);
    await machines.bridge("public");
    await run(["ip", "link", "add", UPLINK, "type", "veth", "peer", "uplink", "netns", wires]);
    await machines.wire("link", "set", "uplink", "master", "public", "up");
    await run(["ip", "address", "add", GATEWAY, "dev", UPLINK]);
    await run(["ip", "link", "set", UPLINK, "up"]);
    return machines;
  }

  async start(machine: Machine): Promise<void> {
    const known = this.nodes.get(machine.id);
    if (known !== undefined) return known.boot();
    const namespace = this.namespace(machine);
    await run(["ip", "netns", "add", namespace]);
    // The kernel announces the address, as on a booting server. So peers replace an old MAC address in the ARP cache.
    const announce = "net.ipv4.conf.default.arp_notify=1";
    await run(["ip", "netns", "exec", namespace, "sysctl", "-qw", announce]);
    await run(["ip", "-n", namespace, "link", "set", "lo", "up"]);
    for (const [index, nic] of machine.nics.entries()) {
      const bridge = nic.public ? "public" : `net${String(nic.networkId)}`;
      await this.bridge(bridge);
      const [card, peer] = [`eth${String(index)}`, `s${String(machine.id)}-${String(index)}`];
      await this.wire("link", "add", peer, "type", "veth", "peer", card, "netns", namespace);
      await this.wire("link", "set", peer, "master", bridge, "up");
      const address = `${nic.address}/${nic.cidr.split("/")[1] ?? ""}`;
      await run(["ip", "-n", namespace, "address", "add", address, "dev", card]);
      await run(["ip", "-n", namespace, "link", "set", card, "up"]);
      if (nic.gateway !== null)
        await run(["ip", "-n", namespace, "route", "add", "default", "via", nic.gateway]);
    }
    const folder = join(this.folder, String(machine.id));
    await mkdir(folder);
    const node = await CloudNode.create(machine, namespace, folder);
    this.nodes.set(machine.id, node);
    await node.boot();
  }

  async stop({ id }: Machine): Promise<void> {
    await this.nodes.get(id)?.kill();
  }

  async destroy(machine: Machine): Promise<void> {
    const node = this.nodes.get(machine.id);
    if (node === undefined) return;
    this.nodes.delete(machine.id);
    await node.remove();
    await run(["ip", "netns", "delete", this.namespace(machine)]);
  }

  node(name: string): CloudNode {
    const found = [...this.nodes.values()].find((node) => node.name === name);
    if (found === undefined) throw new Error(`no machine has the name ${name}`);
    return found;
  }

  async remove(): Promise<void> {
    for (const [id, node] of this.nodes) {
      await node.remove();
      await run(["ip", "netns", "delete", this.namespace({ id })]);
    }
    // The link is deleted explicitly, because a process that still runs would keep the namespace, and so the link.
    await run(["ip", "link", "delete", UPLINK]);
    await run(["ip", "netns", "delete", this.wires]);
  }

  private namespace({ id }: Pick<Machine, "id">): string {
    return this.wires.replace(/wires$/, String(id));
  }

  /** Runs `ip` in the namespace of the bridges. */
  private wire(...command: readonly string[]): Promise<string> {
    return run(["ip", "-n", this.wires, ...command]);
  }

  private async bridge(name: string): Promise<void> {
    if (this.bridges.has(name)) return;
    this.bridges.add(name);
    await this.wire("link", "add", name, "type", "bridge");
    await this.wire("link", "set", name, "up");
  }
}
