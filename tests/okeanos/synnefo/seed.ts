import { randomUUID } from "node:crypto";
import { defaultPools, firstHost } from "./addresses";
import {
  CloudState,
  type FlavorRecord,
  type ImageRecord,
  type NetworkRecord,
  type Resource,
} from "./cloud-state";

/** Pattern of Synnefo's flavor names: cores, memory (MiB), disk (GiB) and disk template. */
const FLAVOR = /^C(\d+)R(\d+)D(\d+)(\w+)$/;

export type QuotaLimits = Readonly<Record<Resource, number>>;

export interface ProjectSeed {
  readonly id: string;
  readonly name: string;
  readonly limits: Partial<QuotaLimits>;
  /** Limits of all members together; the limits of one member by default. */
  readonly projectLimits?: Partial<QuotaLimits>;
}

export interface UserSeed {
  readonly uuid?: string;
  readonly token?: string;
  /** Limits of the user's own project. */
  readonly limits?: Partial<QuotaLimits>;
}

export interface ImageSeed {
  readonly id?: string;
  readonly name: string;
  readonly properties?: Readonly<Record<string, string>>;
}

export interface Seed {
  readonly users?: readonly UserSeed[];
  /** Projects that all users are members of. */
  readonly projects?: readonly ProjectSeed[];
  readonly flavors?: readonly string[];
  readonly images?: readonly ImageSeed[];
  /** CIDR of the public network that has the floating IPs. */
  readonly publicCidr?: string;
}

export const FLAVORS = ["drbd", "ext_vlmc"].flatMap((template) =>
  ["C1R1024D20", "C2R2048D20", "C2R2048D40", "C4R4096D40"].map((size) => size + template),
);

export const LIMITS: QuotaLimits = {
  "cyclades.cpu": 8,
  "cyclades.disk": 160 * 2 ** 30,
  "cyclades.floating_ip": 2,
  "cyclades.network.private": 2,
  "cyclades.ram": 8 * 2 ** 30,
  "cyclades.vm": 4,
};

const imageOf = (name: string, os: string, users: string): ImageSeed => ({
  name,
  properties: {
    description: name,
    gui: "none",
    kernel: "5.10",
    os,
    osfamily: "linux",
    root_partition: "1",
    sortorder: "1",
    users,
  },
});
export const IMAGES: readonly ImageSeed[] = [
  imageOf("Debian Base", "debian", "root"),
  imageOf("Ubuntu Server LTS", "ubuntu", "root user"),
];

function flavorsOf(names: readonly string[]): FlavorRecord[] {
  const templates: string[] = [];
  return names.map((name, index) => {
    const [, vcpus, ram, disk, template = ""] = FLAVOR.exec(name) ?? [];
    if (!templates.includes(template)) templates.push(template);
    return {
      id: index + 1,
      name,
      vcpus: Number(vcpus),
      ram: Number(ram),
      disk: Number(disk),
      template,
      volumeType: templates.indexOf(template) + 1,
    };
  });
}

/** Creates the initial state of a cloud, by default with one user. */
export function sow(seed: Seed, now: string): CloudState {
  const cloudState = new CloudState();
  for (const { uuid = randomUUID(), token = randomUUID(), limits } of seed.users ?? [{}]) {
    const email = "user@example.org";
    cloudState.users.set(uuid, { uuid, token, name: "First Last", email });
    const own = { ...LIMITS, ...limits };
    cloudState.projects.set(uuid, {
      id: uuid,
      name: `system:${uuid}`,
      members: [uuid],
      system: true,
      limits: own,
      projectLimits: own,
    });
  }
  for (const { id, name, limits, projectLimits } of seed.projects ?? []) {
    const ofMember = { ...LIMITS, ...limits };
    cloudState.projects.set(id, {
      id,
      name,
      members: [...cloudState.users.keys()],
      system: false,
      limits: ofMember,
      projectLimits: { ...ofMember, ...projectLimits },
    });
  }
  for (const flavor of flavorsOf(seed.flavors ?? FLAVORS))
    cloudState.flavors.set(flavor.id, flavor);
  for (const { id = randomUUID(), name, properties = {} } of seed.images ?? IMAGES) {
    const image: ImageRecord = {
      id,
      name,
      properties,
      owner: "images-owner-0000",
      size: 1024,
      created: `${now.slice(0, 19)}+00:00`,
    };
    cloudState.images.set(id, image);
  }
  sowPublicNetwork(cloudState, now, "public_network", seed.publicCidr ?? "83.212.0.0/24", 4);
  sowPublicNetwork(cloudState, now, "IPv6 public network", "2001:648:2ffc::/64", 6);
  return cloudState;
}

function sowPublicNetwork(
  cloudState: CloudState,
  now: string,
  name: string,
  cidr: string,
  version: 4 | 6,
): void {
  const id = cloudState.nextId("network");
  const noOwner = { userId: null, project: null };
  const network: NetworkRecord = {
    ...noOwner,
    id,
    name,
    type: "CUSTOM",
    public: true,
    floatingIpPool: version === 4,
    created: now,
    updated: now,
    inCluster: true,
    deleting: false,
    deleted: false,
  };
  cloudState.networks.set(id, network);
  const gateway = firstHost(cidr, version);
  const subnetId = cloudState.nextId("subnet");
  cloudState.subnets.set(subnetId, {
    ...noOwner,
    id: subnetId,
    networkId: id,
    name: `IPv${String(version)} Subnet of Network ${String(id)}`,
    version,
    cidr,
    gateway,
    dhcp: true,
    pools: version === 4 ? defaultPools(cidr, gateway) : [],
    nameservers: [],
    hostRoutes: [],
    public: true,
  });
}
