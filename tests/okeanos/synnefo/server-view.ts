import type { Cloud } from "./cloud";
import type { Action, Port, ServerRecord } from "./cloud-state";
import { flavorLinks } from "./flavors";
import { imageLinks } from "./images";
import type { Json } from "./json";
import { links } from "./links";

const STATUS: Readonly<Record<ServerRecord["state"], string>> = {
  BUILD: "BUILD",
  STARTED: "ACTIVE",
  STOPPED: "STOPPED",
  ERROR: "ERROR",
  DESTROYED: "DELETED",
};

const TASK_STATE: Readonly<Record<Action, string>> = {
  BUILD: "BUILDING",
  CONNECT: "CONNECTING",
  DESTROY: "DESTROYING",
  DISCONNECT: "DISCONNECTING",
  REBOOT: "REBOOTING",
  RESIZE: "RESIZING",
  START: "STARTING",
  STOP: "STOPPING",
};

/** Returns the active NICs. The API does not show the others. */
const nicsOf = ({ cloudState }: Cloud, { id }: ServerRecord): Port[] =>
  [...cloudState.ports.values()].filter(
    ({ serverId, status }) => serverId === id && status === "ACTIVE",
  );

const typeOf = ({ cloudState }: Cloud, { networkId }: Port): string =>
  cloudState.networks.get(networkId)?.floatingIpPool === true ? "floating" : "fixed";

/** Returns the addresses of the active NICs, by network ID. */
export function addressesView(cloud: Cloud, server: ServerRecord): Record<string, Json[]> {
  const byNetwork: Record<string, Json[]> = {};
  for (const port of nicsOf(cloud, server)) {
    (byNetwork[String(port.networkId)] ??= []).push(
      ...port.addresses.map(({ version, address }) => ({
        version,
        addr: address,
        "OS-EXT-IPS:type": typeOf(cloud, port),
      })),
    );
  }
  return byNetwork;
}

export const attachmentsView = (cloud: Cloud, server: ServerRecord): Json[] =>
  nicsOf(cloud, server).map((port) => {
    const address = (wanted: 4 | 6): string =>
      port.addresses.find(({ version }) => version === wanted)?.address ?? "";
    const type = typeOf(cloud, port);
    return {
      id: port.id,
      network_id: String(port.networkId),
      mac_address: port.mac,
      ipv4: address(4),
      ipv6: address(6),
      "OS-EXT-IPS:type": type,
      ...(type === "floating" && { firewallProfile: "DISABLED" }),
    };
  });

function progress({ clock, buildTime }: Cloud, { state, task }: ServerRecord): number {
  if (state === "STARTED") return 100;
  if (state !== "BUILD" || task?.action !== "BUILD") return 0;
  return Math.min(99, Math.floor((100 * (clock.now() - task.since)) / buildTime));
}

export const briefView = (origin: string, { id, name }: ServerRecord): Json => ({
  id,
  name,
  links: links(origin, `/compute/v2.0/servers/${String(id)}`),
});

export function serverView(cloud: Cloud, origin: string, server: ServerRecord): Json {
  const { id, flavorId, imageId, keyNames, state, task, metadata } = server;
  const deleted = state === "DESTROYED";
  return {
    ...briefView(origin, server),
    status: STATUS[state],
    progress: progress(cloud, server),
    "SNF:task_state": task === null ? "" : TASK_STATE[task.action],
    "SNF:fqdn": `snf-${String(id)}.vm.example.synnefo.org`,
    "SNF:key_names": keyNames,
    "SNF:port_forwarding": {},
    "SNF:rescue": false,
    key_name: keyNames[0] ?? null,
    image: { id: imageId, links: imageLinks(origin, imageId) },
    flavor: { id: flavorId, links: flavorLinks(origin, flavorId) },
    addresses: addressesView(cloud, server),
    attachments: attachmentsView(cloud, server),
    volumes: deleted ? [] : [server.volumeId],
    metadata: Object.fromEntries(metadata),
    tags: [],
    user_id: server.userId,
    tenant_id: server.project,
    shared_to_project: false,
    created: server.created,
    updated: server.updated,
    deleted,
    suspended: false,
    security_groups: [{ name: "default" }],
    accessIPv4: "",
    accessIPv6: "",
    hostId: "",
    config_drive: "",
    diagnostics: [],
  };
}
