export interface UserRecord {
  readonly uuid: string;
  readonly token: string;
  readonly name: string;
  readonly email: string;
}

export type Resource =
  | "cyclades.cpu"
  | "cyclades.disk"
  | "cyclades.floating_ip"
  | "cyclades.network.private"
  | "cyclades.ram"
  | "cyclades.vm";
export type Amounts = Readonly<Partial<Record<Resource, number>>>;

export interface Project {
  readonly id: string;
  readonly name: string;
  /** UUIDs of users. */
  readonly members: readonly string[];
  /** Whether this is a user's own project, whose ID is the user's UUID. */
  readonly system: boolean;
  /** Limits of each member. */
  readonly limits: Readonly<Record<Resource, number>>;
  /** Limits of all members together. */
  readonly projectLimits: Readonly<Record<Resource, number>>;
}

export interface FlavorRecord {
  readonly id: number;
  readonly name: string;
  readonly vcpus: number;
  /** Memory in MiB. */
  readonly ram: number;
  /** Disk size in GiB. */
  readonly disk: number;
  readonly template: string;
  readonly volumeType: number;
}

export interface ImageRecord {
  readonly id: string;
  readonly name: string;
  readonly owner: string;
  readonly created: string;
  readonly size: number;
  readonly properties: Readonly<Record<string, string>>;
}

/** Owner of a resource. Both fields are null for resources of the cloud itself. */
export interface Owned {
  readonly userId: string | null;
  readonly project: string | null;
}

interface Dated {
  readonly created: string;
  updated: string;
}

export interface NetworkRecord extends Owned, Dated {
  readonly id: number;
  readonly type: string;
  readonly public: boolean;
  readonly floatingIpPool: boolean;
  name: string;
  /** Whether the Ganeti cluster has the network. For a user's network: whether a server was ever connected. */
  inCluster: boolean;
  deleting: boolean;
  deleted: boolean;
}

export interface Pool {
  readonly start: string;
  readonly end: string;
}

export interface Subnet extends Owned {
  readonly id: number;
  readonly networkId: number;
  readonly version: 4 | 6;
  readonly cidr: string;
  readonly gateway: string | null;
  readonly dhcp: boolean;
  readonly pools: readonly Pool[];
  readonly nameservers: readonly string[];
  readonly hostRoutes: readonly unknown[];
  readonly public: boolean;
  name: string;
}

export interface FloatingIp extends Owned {
  readonly id: number;
  readonly networkId: number;
  readonly address: string;
  portId: number | null;
}

export interface PortAddress {
  readonly subnetId: number;
  readonly version: 4 | 6;
  readonly address: string;
}

export interface Port extends Owned, Dated {
  readonly id: number;
  readonly networkId: number;
  readonly addresses: PortAddress[];
  name: string;
  status: "DOWN" | "BUILD" | "ACTIVE";
  serverId: number | null;
  mac: string | null;
}

export interface KeyPair {
  readonly id: number;
  readonly userId: string;
  readonly name: string;
  readonly publicKey: string;
  readonly created: string;
}

export interface PersonalityFile {
  readonly path: string;
  readonly content: Buffer;
  readonly owner: string;
  readonly group: string;
  readonly mode: number;
}

export type Action =
  "BUILD" | "CONNECT" | "DESTROY" | "DISCONNECT" | "REBOOT" | "RESIZE" | "START" | "STOP";

export interface Job {
  readonly action: Action;
  /** Time of the request, in milliseconds since 1970. */
  readonly since: number;
}

export interface ServerRecord extends Owned, Dated {
  readonly id: number;
  readonly volumeId: number;
  readonly userId: string;
  readonly project: string;
  readonly imageId: string;
  readonly keyNames: readonly string[];
  readonly personality: readonly PersonalityFile[];
  readonly userData: string | null;
  readonly adminPass: string;
  readonly metadata: Map<string, string>;
  name: string;
  flavorId: number;
  state: "BUILD" | "STARTED" | "STOPPED" | "ERROR" | "DESTROYED";
  /** Last requested job; null after the job is done. */
  task: Job | null;
}

/** Existing resources of users: servers, networks and key pairs by name, ports by ID, floating IPs by address. */
export interface RemainingResources {
  readonly servers: readonly string[];
  readonly networks: readonly string[];
  readonly ports: readonly string[];
  readonly floatingIps: readonly string[];
  readonly keyPairs: readonly string[];
}

/** State of the simulated cloud. */
export class CloudState {
  readonly users = new Map<string, UserRecord>();
  readonly projects = new Map<string, Project>();
  readonly flavors = new Map<number, FlavorRecord>();
  /** Names of flavors that are no longer offered. Such flavors stay readable by ID. */
  readonly retiredFlavors = new Set<string>();
  readonly images = new Map<string, ImageRecord>();
  readonly networks = new Map<number, NetworkRecord>();
  readonly subnets = new Map<number, Subnet>();
  readonly ports = new Map<number, Port>();
  readonly floatingIps = new Map<number, FloatingIp>();
  readonly keyPairs = new Map<number, KeyPair>();
  readonly servers = new Map<number, ServerRecord>();
  private readonly counters = new Map<string, number>();

  /** Returns a new ID. The ID of a deleted resource is never reused. */
  nextId(kind: string): number {
    const id = (this.counters.get(kind) ?? 0) + 1;
    this.counters.set(kind, id);
    return id;
  }

  remaining(): RemainingResources {
    const names = <T>(map: ReadonlyMap<number, T>, name: (value: T) => string | null): string[] =>
      [...map.values()].map(name).filter((text) => text !== null);
    return {
      servers: names(this.servers, ({ name, state }) => (state === "DESTROYED" ? null : name)),
      networks: names(this.networks, (network) =>
        network.deleted || network.public ? null : network.name,
      ),
      ports: names(this.ports, ({ id }) => String(id)),
      floatingIps: names(this.floatingIps, ({ address }) => address),
      keyPairs: names(this.keyPairs, ({ name }) => name),
    };
  }
}
