import { type Cloud, cyclades } from "./cloud";
import type { ServerRecord, UserRecord } from "./cloud-state";
import { notFound } from "./faults";
import { attribute, type Json, jsonBody, required } from "./json";
import { addMetadata } from "./metadata";
import type { Answer, ApiCall, Route } from "./router";
import { act, destroyServer } from "./server-actions";
import { createServer, renameServer } from "./server-create";
import { findLiveServer, findServer } from "./server-tasks";
import { addressesView, attachmentsView, briefView, serverView } from "./server-view";

const PATH = "/compute/v2.0/servers";

const ok = (body: unknown, status = 200): Answer => ({ status, body });

/** Returns the existing servers or, with `changes-since`, the servers changed since then, including deleted servers. */
function listed({ cloudState }: Cloud, user: UserRecord, { query }: ApiCall): ServerRecord[] {
  const since = query.get("changes-since");
  return [...cloudState.servers.values()]
    .filter(({ userId }) => userId === user.uuid)
    .filter(({ state, updated }) =>
      since === null ? state !== "DESTROYED" : Date.parse(updated) >= Date.parse(since),
    );
}

function metadataRoutes(cloud: Cloud): readonly Route[] {
  const path = `${PATH}/{server}/metadata`;
  const one = `${path}/{key:[^/]+}`;
  const find = (user: UserRecord, { params }: ApiCall): Map<string, string> =>
    findServer(cloud, user, params.server ?? "").metadata;
  const key = ({ params: { key: name = "" } }: ApiCall, metadata: Map<string, string>): string => {
    if (!metadata.has(name)) throw notFound("Metadata key not found.");
    return name;
  };
  return [
    cyclades(cloud, "GET", path, (user, call) =>
      ok({ metadata: Object.fromEntries(find(user, call)) }),
    ),
    cyclades(cloud, "POST", path, (user, call) => {
      const metadata = find(user, call);
      addMetadata(metadata, attribute(jsonBody(call), "metadata"));
      return ok({ metadata: Object.fromEntries(metadata) }, 201);
    }),
    cyclades(cloud, "GET", one, (user, call) => {
      const metadata = find(user, call);
      const name = key(call, metadata);
      return ok({ meta: { [name]: metadata.get(name) } });
    }),
    cyclades(cloud, "PUT", one, (user, call) => {
      const meta = attribute(jsonBody(call), "meta");
      addMetadata(find(user, call), meta);
      return ok({ meta }, 201);
    }),
    cyclades(cloud, "DELETE", one, (user, call) => {
      const metadata = find(user, call);
      metadata.delete(key(call, metadata));
      return { status: 204 };
    }),
  ];
}

/** Returns routes that read a part of a server, such as its addresses. */
function partRoutes(cloud: Cloud): readonly Route[] {
  const part = (path: string, view: (server: ServerRecord, call: ApiCall) => unknown): Route =>
    cyclades(cloud, "GET", `${PATH}/{server}${path}`, (user, call) =>
      ok(view(findServer(cloud, user, call.params.server ?? ""), call)),
    );
  return [
    part("/ips", (server) => ({
      addresses: addressesView(cloud, server),
      attachments: attachmentsView(cloud, server),
    })),
    part("/ips/{network}", (server, { params: { network = "" } }): Json => {
      const addresses = addressesView(cloud, server)[network];
      if (addresses === undefined) throw notFound(`Network ${network} not found.`);
      return { network: { [network]: addresses } };
    }),
    part("/diagnostics", () => []),
    part("/password", ({ adminPass }) => ({ password: adminPass })),
    part("/os-volume_attachments", ({ id, volumeId }) => ({
      volumeAttachments: [{ id: volumeId, volumeId, serverId: id, device: "" }],
    })),
  ];
}

export function serverRoutes(cloud: Cloud): readonly Route[] {
  const one = `${PATH}/{server}`;
  return [
    cyclades(cloud, "GET", PATH, (user, call) =>
      ok({ servers: listed(cloud, user, call).map((server) => briefView(call.origin, server)) }),
    ),
    cyclades(cloud, "GET", `${PATH}/detail`, (user, call) =>
      ok({
        servers: listed(cloud, user, call).map((server) => serverView(cloud, call.origin, server)),
      }),
    ),
    cyclades(cloud, "POST", PATH, (user, call) => {
      const server = createServer(cloud, user, jsonBody(call).server);
      const { adminPass } = server;
      return ok({ server: { ...serverView(cloud, call.origin, server), adminPass } }, 202);
    }),
    cyclades(cloud, "GET", one, (user, { origin, params }) =>
      ok({ server: serverView(cloud, origin, findServer(cloud, user, params.server ?? "")) }),
    ),
    cyclades(cloud, "PUT", one, (user, call) => {
      const server = findLiveServer(cloud, user, call.params.server ?? "");
      renameServer(cloud, server, required(attribute(jsonBody(call), "server"), "name"));
      return { status: 204 };
    }),
    cyclades(cloud, "DELETE", one, (user, { params }) => {
      destroyServer(cloud, findLiveServer(cloud, user, params.server ?? ""));
      return { status: 204 };
    }),
    cyclades(cloud, "POST", `${one}/action`, (user, call) => {
      const server = findLiveServer(cloud, user, call.params.server ?? "");
      act(cloud, user, server, jsonBody(call));
      return { status: 202 };
    }),
    ...metadataRoutes(cloud),
    ...partRoutes(cloud),
  ];
}
