import { allocateAddress, slaac } from "./addresses";
import type { Cloud } from "./cloud";
import type {
  PortAddress,
  FloatingIp,
  NetworkRecord,
  Port,
  ServerRecord,
  UserRecord,
} from "./cloud-state";
import { badRequest, conflict, forbidden, notFound } from "./faults";
import { floatingIpsOf } from "./floating-ips";
import { isJson, scalar } from "./json";
import { findLiveNetwork } from "./networks";

/** Maximum number of NICs of a server in Ganeti. */
const MOST_NICS = 8;

const subnetOf = ({ cloudState }: Cloud, network: NetworkRecord, version: 4 | 6) =>
  [...cloudState.subnets.values()].find(
    (subnet) => subnet.networkId === network.id && subnet.version === version,
  );

export function findPort({ cloudState }: Cloud, user: UserRecord, id: string): Port {
  const port = cloudState.ports.get(Number(id));
  if (port?.userId !== user.uuid) {
    throw notFound(`Port '${id}' not found.`);
  }
  return port;
}

/** Creates a port on `network`, without connecting it to a server. */
function makePort(
  { cloudState, clock }: Cloud,
  user: UserRecord,
  network: NetworkRecord,
  name: string,
  addresses: PortAddress[],
): Port {
  if (network.deleting) {
    throw conflict(`Cannot create port. Network ${String(network.id)} is being deleted.`);
  }
  const id = cloudState.nextId("port");
  const now = clock.stamp();
  const port: Port = {
    id,
    networkId: network.id,
    name,
    userId: user.uuid,
    project: network.project ?? user.uuid,
    addresses,
    status: "DOWN",
    serverId: null,
    mac: null,
    created: now,
    updated: now,
  };
  cloudState.ports.set(id, port);
  return port;
}

export function makePrivatePort(
  cloud: Cloud,
  user: UserRecord,
  network: NetworkRecord,
  { name = "", address }: { readonly name?: string; readonly address?: string },
): Port {
  const subnet = subnetOf(cloud, network, 4);
  if (subnet === undefined) {
    if (address !== undefined) {
      throw badRequest(`Address ${address} is not a valid IP for the defined network subnets`);
    }
    return makePort(cloud, user, network, name, []);
  }
  const allocated = allocateAddress(cloud.cloudState, network, subnet, address);
  return makePort(cloud, user, network, name, [
    { subnetId: subnet.id, version: 4, address: allocated },
  ]);
}

export function makePublicPort(
  cloud: Cloud,
  user: UserRecord,
  network: NetworkRecord,
  floatingIp: FloatingIp,
  name = "",
): Port {
  if (floatingIp.portId !== null) {
    throw conflict(`IP address '${floatingIp.address}' is already in use`);
  }
  const subnetId = subnetOf(cloud, network, 4)?.id ?? 0;
  const port = makePort(cloud, user, network, name, [
    { subnetId, version: 4, address: floatingIp.address },
  ]);
  floatingIp.portId = port.id;
  return port;
}

/** Returns the user's floating IP with the given address. @throws SynnefoFault if the user has no such floating IP. */
export function floatingIpByAddress(cloud: Cloud, user: UserRecord, address: string): FloatingIp {
  const found = floatingIpsOf(cloud, user).find((each) => each.address === address);
  if (found === undefined) {
    throw notFound("Floating IP does not exist.");
  }
  return found;
}

function publicPort(
  cloud: Cloud,
  user: UserRecord,
  network: NetworkRecord,
  address?: string,
): Port {
  if (subnetOf(cloud, network, 4) === undefined) {
    throw forbidden(`Cannot connect to IPv6 only public network '${String(network.id)}'`);
  }
  if (address !== undefined) {
    return makePublicPort(cloud, user, network, floatingIpByAddress(cloud, user, address));
  }
  const free = floatingIpsOf(cloud, user).find(
    ({ portId, networkId }) => portId === null && networkId === network.id,
  );
  if (free === undefined) {
    throw conflict(
      "Cannot find an unused floating IP to connect server to network " +
        `'${String(network.id)}'. Please create a floating IP.`,
    );
  }
  return makePublicPort(cloud, user, network, free);
}

/** Returns the port for an entry of a new server's `networks`: an existing port, or a new port on a network. */
function portOf(cloud: Cloud, user: UserRecord, wanted: unknown): Port {
  if (!isJson(wanted)) {
    throw badRequest("Malformed request. Invalid 'networks' field");
  }
  if (wanted.port !== undefined) {
    const id = scalar(wanted.port);
    const port = findPort(cloud, user, id);
    if (port.serverId !== null) {
      throw conflict(`Port ${id} is already in use.`);
    }
    return port;
  }
  if (wanted.uuid === undefined) {
    throw badRequest("Network 'uuid' or 'port' attribute is required.");
  }
  const network = findLiveNetwork(cloud, user, scalar(wanted.uuid));
  const address = wanted.fixed_ip === undefined ? undefined : scalar(wanted.fixed_ip);
  return network.public
    ? publicPort(cloud, user, network, address)
    : makePrivatePort(cloud, user, network, address === undefined ? {} : { address });
}

/** Returns the ports of a new server. Removes the ports that it has created if it throws a SynnefoFault. */
export function portsOf(cloud: Cloud, user: UserRecord, networks: readonly unknown[]): Port[] {
  const ports: Port[] = [];
  const made = (): Port[] => ports.filter((_, index) => !hasPort(networks[index]));
  try {
    for (const wanted of networks) ports.push(portOf(cloud, user, wanted));
    if (ports.length > MOST_NICS) {
      throw badRequest("Maximum ports per server limit reached");
    }
    return ports;
  } catch (error) {
    for (const port of made()) removePort(cloud, port);
    throw error;
  }
}

const hasPort = (wanted: unknown): boolean => isJson(wanted) && wanted.port !== undefined;

/** Removes the ports in `ports` that `portsOf` created. Keeps the ports that existed before. */
export function removeMade(cloud: Cloud, networks: readonly unknown[], ports: Port[]): void {
  ports.forEach((port, index) => {
    if (!hasPort(networks[index])) removePort(cloud, port);
  });
}

const byte = (value: number): string => (value & 0xff).toString(16).padStart(2, "0");

export function connectPort({ cloudState, clock }: Cloud, port: Port, server: ServerRecord): void {
  const { id, networkId } = port;
  const network = cloudState.networks.get(networkId);
  if (network !== undefined) {
    network.inCluster = true;
  }
  port.serverId = server.id;
  port.status = "BUILD";
  port.updated = clock.stamp();
  // As in Synnefo, each network has its own MAC prefix. Synnefo filters out frames with the prefix of another network.
  port.mac = ["aa", "00", byte(networkId), byte(id >> 16), byte(id >> 8), byte(id)].join(":");
}

/** Activates a port. If the network has an IPv6 subnet, adds the address that is derived from the MAC address. */
export function activate({ cloudState, clock }: Cloud, port: Port): void {
  port.status = "ACTIVE";
  port.updated = clock.stamp();
  const subnet = [...cloudState.subnets.values()].find(
    ({ networkId, version }) => networkId === port.networkId && version === 6,
  );
  if (subnet !== undefined && port.mac !== null) {
    const address = slaac(subnet.cidr, port.mac);
    port.addresses.push({ subnetId: subnet.id, version: 6, address });
  }
}

export function removePort({ cloudState }: Cloud, port: Port): void {
  cloudState.ports.delete(port.id);
  for (const floatingIp of cloudState.floatingIps.values()) {
    if (floatingIp.portId === port.id) floatingIp.portId = null;
  }
}
