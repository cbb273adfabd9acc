import { allocateAddress } from "./addresses";
import { type Cloud, cyclades } from "./cloud";
import type { FloatingIp, NetworkRecord, UserRecord } from "./cloud-state";
import { conflict, notFound, notImplemented } from "./faults";
import { attribute, type Json, jsonBody, scalar } from "./json";
import { networkById } from "./networks";
import type { Route } from "./router";

export const floatingIpsOf = ({ cloudState }: Cloud, user: UserRecord): FloatingIp[] =>
  [...cloudState.floatingIps.values()].filter(({ userId }) => userId === user.uuid);

function find(cloud: Cloud, user: UserRecord, id: string): FloatingIp {
  const found = floatingIpsOf(cloud, user).find((floatingIp) => String(floatingIp.id) === id);
  if (found === undefined) {
    throw notFound(`Floating IP with ID ${id} does not exist.`);
  }
  return found;
}

function serverOf({ cloudState }: Cloud, { portId }: FloatingIp): string | null {
  const serverId = portId === null ? null : (cloudState.ports.get(portId)?.serverId ?? null);
  return serverId === null ? null : String(serverId);
}

function view(cloud: Cloud, floatingIp: FloatingIp): Json {
  const { id, networkId, address, portId, userId, project } = floatingIp;
  return {
    id: String(id),
    floating_network_id: String(networkId),
    floating_ip_address: address,
    fixed_ip_address: null,
    instance_id: serverOf(cloud, floatingIp),
    port_id: portId === null ? null : String(portId),
    user_id: userId,
    tenant_id: project,
    shared_to_project: false,
    deleted: false,
  };
}

/** Returns a floating IP in the format of the compute service. */
const computeView = (cloud: Cloud, floatingIp: FloatingIp): Json => ({
  id: floatingIp.id,
  ip: floatingIp.address,
  fixed_ip: null,
  instance_id: serverOf(cloud, floatingIp),
  pool: null,
});

function pool(cloud: Cloud, user: UserRecord, wanted: unknown): NetworkRecord {
  if (wanted === undefined || wanted === null) {
    const any = [...cloud.cloudState.networks.values()].find(
      ({ floatingIpPool }) => floatingIpPool,
    );
    if (any === undefined) throw conflict("Cannot allocate a floating IP address.");
    return any;
  }
  const network = networkById(cloud, user, scalar(wanted));
  if (!network.floatingIpPool) {
    throw conflict(
      `Cannot allocate floating IP. Network ${String(network.id)} is not a floating IP pool.`,
    );
  }
  return network;
}

function create(cloud: Cloud, user: UserRecord, networkId: unknown, wanted: Json): FloatingIp {
  const { cloudState, quotas } = cloud;
  const network = pool(cloud, user, networkId);
  const subnet = [...cloudState.subnets.values()].find(
    (each) => each.networkId === network.id && each.version === 4,
  );
  if (subnet === undefined) {
    throw conflict("Cannot allocate a floating IP address.");
  }
  const asked = wanted.floating_ip_address;
  const address = allocateAddress(
    cloudState,
    network,
    subnet,
    typeof asked === "string" ? asked : undefined,
  );
  const project = quotas.project(user.uuid, wanted.project);
  const id = cloudState.nextId("floatingip");
  quotas.take(user.uuid, project, { "cyclades.floating_ip": 1 });
  const floatingIp: FloatingIp = {
    id,
    networkId: network.id,
    address,
    userId: user.uuid,
    project: project.id,
    portId: null,
  };
  cloudState.floatingIps.set(id, floatingIp);
  return floatingIp;
}

function remove(cloud: Cloud, floatingIp: FloatingIp): void {
  const { id, portId } = floatingIp;
  if (portId !== null) {
    const server = serverOf(cloud, floatingIp);
    const user = server === null ? `port '${String(portId)}'` : `server '${server}'`;
    throw conflict(`IP '${String(id)}' is used by ${user}`);
  }
  cloud.cloudState.floatingIps.delete(id);
}

export function floatingIpRoutes(cloud: Cloud): readonly Route[] {
  const path = "/network/v2.0/floatingips";
  const one = `${path}/{floatingip}`;
  const compute = "/compute/v2.0/os-floating-ips";
  return [
    cyclades(cloud, "GET", path, (user) => ({
      status: 200,
      body: { floatingips: floatingIpsOf(cloud, user).map((each) => view(cloud, each)) },
    })),
    cyclades(cloud, "POST", path, (user, call) => {
      const wanted = attribute(jsonBody(call), "floatingip");
      const floatingIp = create(cloud, user, wanted.floating_network_id, wanted);
      return { status: 200, body: { floatingip: view(cloud, floatingIp) } };
    }),
    cyclades(cloud, "GET", one, (user, { params }) => ({
      status: 200,
      body: { floatingip: view(cloud, find(cloud, user, params.floatingip ?? "")) },
    })),
    cyclades(cloud, "PUT", one, () => {
      throw notImplemented("Updating a floating IP is not supported.");
    }),
    cyclades(cloud, "DELETE", one, (user, { params }) => {
      remove(cloud, find(cloud, user, params.floatingip ?? ""));
      return { status: 204 };
    }),
    cyclades(cloud, "GET", compute, (user) => ({
      status: 200,
      body: { floating_ips: floatingIpsOf(cloud, user).map((each) => computeView(cloud, each)) },
    })),
    cyclades(cloud, "POST", compute, (user, call) => {
      const floatingIp = create(cloud, user, jsonBody(call).pool, {});
      return { status: 200, body: { floating_ip: computeView(cloud, floatingIp) } };
    }),
  ];
}
