import { isIpv4 } from "./addresses";
import { type Cloud, cyclades } from "./cloud";
import type { Port, UserRecord } from "./cloud-state";
import { badRequest, unexpected } from "./faults";
import { attribute, isJson, type Json, jsonBody, required, scalar } from "./json";
import { links } from "./links";
import { findLiveNetwork } from "./networks";
import {
  activate,
  connectPort,
  findPort,
  floatingIpByAddress,
  makePrivatePort,
  makePublicPort,
  removePort,
} from "./nics";
import type { Route } from "./router";
import { checkAction, findLiveServer } from "./server-tasks";

function view(origin: string, port: Port): Json {
  const { id, name, networkId, status, serverId, mac, addresses, userId, project } = port;
  return {
    id: String(id),
    name,
    network_id: String(networkId),
    status,
    device_id: serverId === null ? null : String(serverId),
    device_owner: serverId === null ? null : "vm",
    mac_address: status === "ACTIVE" ? mac : null,
    fixed_ips: addresses.map(({ subnetId, address }) => ({
      subnet: String(subnetId),
      ip_address: address,
    })),
    admin_state_up: true,
    security_groups: [],
    created: port.created,
    updated: port.updated,
    user_id: userId,
    tenant_id: project,
    links: links(origin, `/network/v2.0/ports/${String(id)}`),
  };
}

/**
 * Returns the port that a request names.
 *
 * @throws SynnefoFault if there is no such port; with status 500 if the port has two addresses. Synnefo joins ports
 *   with addresses, and fails if the result has two rows.
 */
function findSingle(cloud: Cloud, user: UserRecord, id: string): Port {
  const port = findPort(cloud, user, id);
  if (port.addresses.length > 1) {
    throw unexpected();
  }
  return port;
}

/** Returns the first requested address. The address has no effect on a port of a private network. */
function addressOf({ fixed_ips: wanted }: Json): string | undefined {
  if (!Array.isArray(wanted)) return undefined;
  const first: unknown = wanted[0];
  const address = isJson(first) ? first.ip_address : undefined;
  if (address === undefined) return undefined;
  if (!isIpv4(scalar(address))) {
    throw badRequest(`${scalar(address)} is not a valid IPv4 Address`);
  }
  return scalar(address);
}

function create(cloud: Cloud, user: UserRecord, wanted: Json): Port {
  const network = findLiveNetwork(cloud, user, scalar(required(wanted, "network_id")));
  const { security_groups: groups } = wanted;
  if (Array.isArray(groups) && groups.length > 0) {
    throw badRequest("Invalid 'security_groups' field.");
  }
  const server =
    wanted.device_id === undefined || wanted.device_id === null || wanted.device_id === ""
      ? undefined
      : findLiveServer(cloud, user, scalar(wanted.device_id));
  if (server !== undefined) {
    checkAction(server, "CONNECT");
  }
  const address = addressOf(wanted);
  const name = scalar(wanted.name);
  if (network.public && address === undefined) {
    throw badRequest(
      "'fixed_ips' attribute must contain a floating IP address " +
        "in order to connect to a public network.",
    );
  }
  const port =
    address === undefined || !network.public
      ? makePrivatePort(cloud, user, network, { name })
      : makePublicPort(cloud, user, network, floatingIpByAddress(cloud, user, address), name);
  if (server !== undefined) {
    connectPort(cloud, port, server);
    cloud.cluster.submit(server, "CONNECT", cloud.taskTime, () => {
      activate(cloud, port);
    });
  }
  return port;
}

/** Deletes a port. If the port belongs to a server, a job first disconnects the port. */
function remove(cloud: Cloud, port: Port): void {
  const { cloudState, cluster, taskTime } = cloud;
  const server = port.serverId === null ? undefined : cloudState.servers.get(port.serverId);
  if (server === undefined) {
    removePort(cloud, port);
    return;
  }
  checkAction(server, "DISCONNECT");
  cluster.submit(server, "DISCONNECT", taskTime, () => {
    removePort(cloud, port);
  });
}

export function portRoutes(cloud: Cloud): readonly Route[] {
  const path = "/network/v2.0/ports";
  const one = `${path}/{port}`;
  return [
    cyclades(cloud, "GET", path, (user, { origin }) => ({
      status: 200,
      body: {
        ports: [...cloud.cloudState.ports.values()]
          .filter(({ userId }) => userId === user.uuid)
          // Because of the join that `findSingle` mentions, a port with two addresses is listed twice.
          .flatMap((port) =>
            Array<Json>(Math.max(1, port.addresses.length)).fill(view(origin, port)),
          ),
      },
    })),
    cyclades(cloud, "POST", path, (user, call) => {
      const port = create(cloud, user, attribute(jsonBody(call), "port"));
      return { status: 201, body: { port: view(call.origin, port) } };
    }),
    cyclades(cloud, "GET", one, (user, { origin, params }) => ({
      status: 200,
      body: { port: view(origin, findSingle(cloud, user, params.port ?? "")) },
    })),
    cyclades(cloud, "PUT", one, (user, call) => {
      const wanted = attribute(jsonBody(call), "port");
      const port = findSingle(cloud, user, call.params.port ?? "");
      // Changes of fields other than the name are ignored without a fault.
      if (wanted.name !== undefined) {
        port.name = scalar(wanted.name);
      }
      return { status: 200, body: { port: view(call.origin, port) } };
    }),
    cyclades(cloud, "DELETE", one, (user, { params }) => {
      remove(cloud, findSingle(cloud, user, params.port ?? ""));
      return { status: 204 };
    }),
  ];
}
