import { type Cloud, cyclades, sees } from "./cloud";
import type { NetworkRecord, UserRecord } from "./cloud-state";
import { badRequest, conflict, forbidden, notFound } from "./faults";
import { attribute, type Json, jsonBody, required, scalar } from "./json";
import { links } from "./links";
import type { Route } from "./router";

/** Network types. Users may create only networks of the first type. */
const TYPES = ["MAC_FILTERED", "PHYSICAL_VLAN", "IP_LESS_ROUTED", "CUSTOM"];

export function networkById({ cloudState }: Cloud, user: UserRecord, id: string): NetworkRecord {
  const network = cloudState.networks.get(Number(id));
  if (!/^\d+$/.test(id)) {
    throw badRequest(`Invalid network ID '${id}'`);
  }
  if (network === undefined || !sees(user, network)) {
    throw notFound(`Network ${id} not found.`);
  }
  return network;
}

/** Returns a network. @throws SynnefoFault if the network does not exist or was deleted. */
export function findLiveNetwork(cloud: Cloud, user: UserRecord, id: string): NetworkRecord {
  const network = networkById(cloud, user, id);
  if (network.deleted) {
    throw badRequest("Network has been deleted.");
  }
  return network;
}

function view({ cloudState }: Cloud, origin: string, network: NetworkRecord): Json {
  const { id, name, type, deleted, created, updated, userId, project } = network;
  return {
    id: String(id),
    name,
    type,
    status: deleted ? "DELETED" : "ACTIVE",
    admin_state_up: true,
    deleted,
    created,
    updated,
    user_id: userId,
    tenant_id: project,
    public: network.public,
    shared: network.public,
    shared_to_project: false,
    "router:external": network.public,
    "SNF:floating_ip_pool": network.floatingIpPool,
    subnets: [...cloudState.subnets.values()]
      .filter(({ networkId }) => networkId === id)
      .map((subnet) => String(subnet.id)),
    links: links(origin, `/network/v2.0/networks/${String(id)}`),
  };
}

function create(
  { cloudState, clock, quotas }: Cloud,
  user: UserRecord,
  wanted: Json,
): NetworkRecord {
  const type = scalar(required(wanted, "type"));
  if (!TYPES.includes(type)) {
    throw badRequest(`Invalid network type '${type}'`);
  }
  if (type !== "MAC_FILTERED") {
    throw forbidden(`Cannot create network of type '${type}'.`);
  }
  const id = cloudState.nextId("network");
  const project = quotas.project(user.uuid, wanted.project);
  quotas.take(user.uuid, project, { "cyclades.network.private": 1 });
  const now = clock.stamp();
  const network: NetworkRecord = {
    id,
    name: scalar(wanted.name),
    type,
    userId: user.uuid,
    project: project.id,
    public: false,
    floatingIpPool: false,
    created: now,
    updated: now,
    inCluster: false,
    deleting: false,
    deleted: false,
  };
  cloudState.networks.set(id, network);
  return network;
}

/** Deletes a network: after `taskTime` milliseconds if the cluster has the network, otherwise immediately. */
function remove({ cloudState, clock, taskTime }: Cloud, network: NetworkRecord): void {
  const { id } = network;
  if (network.public) {
    throw forbidden("Cannot delete the public network.");
  }
  if ([...cloudState.ports.values()].some(({ networkId }) => networkId === id)) {
    throw conflict(
      `Cannot delete network. There are ports still configured on network network ${String(id)}`,
    );
  }
  const finish = (): void => {
    network.deleted = true;
    network.updated = clock.stamp();
  };
  network.deleting = true;
  if (network.inCluster) {
    clock.after(taskTime, finish);
  } else {
    finish();
  }
}

export function networkRoutes(cloud: Cloud): readonly Route[] {
  const path = "/network/v2.0/networks";
  const one = `${path}/{network:\\w+}`;
  const list = (suffix: string): Route =>
    cyclades(cloud, "GET", path + suffix, (user, { origin }) => ({
      status: 200,
      body: {
        networks: [...cloud.cloudState.networks.values()]
          .filter((network) => sees(user, network) && !network.deleted)
          .map((network) => view(cloud, origin, network)),
      },
    }));
  return [
    list(""),
    list("/detail"),
    cyclades(cloud, "POST", path, (user, call) => {
      const network = create(cloud, user, attribute(jsonBody(call), "network"));
      return { status: 201, body: { network: view(cloud, call.origin, network) } };
    }),
    cyclades(cloud, "GET", one, (user, { origin, params }) => {
      const network = networkById(cloud, user, params.network ?? "");
      return { status: 200, body: { network: view(cloud, origin, network) } };
    }),
    cyclades(cloud, "PUT", one, (user, call) => {
      const name = scalar(required(attribute(jsonBody(call), "network"), "name"));
      const network = findLiveNetwork(cloud, user, call.params.network ?? "");
      network.name = name;
      network.updated = cloud.clock.stamp();
      return { status: 200, body: { network: view(cloud, call.origin, network) } };
    }),
    cyclades(cloud, "DELETE", one, (user, { params }) => {
      const network = findLiveNetwork(cloud, user, params.network ?? "");
      if (!network.deleting) {
        remove(cloud, network);
      }
      return { status: 204 };
    }),
  ];
}
