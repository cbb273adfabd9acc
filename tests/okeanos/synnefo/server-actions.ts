import type { Cloud } from "./cloud";
import type { Action, ServerRecord, UserRecord } from "./cloud-state";
import { badRequest, conflict, notFound } from "./faults";
import { flavorById, offeredFlavorById } from "./flavors";
import { id, isJson, type Json, scalar } from "./json";
import { activate, connectPort, floatingIpByAddress, makePublicPort, removePort } from "./nics";
import * as quotas from "./quotas";
import { checkAction } from "./server-tasks";

type Act = (cloud: Cloud, server: ServerRecord, args: Json, user: UserRecord) => void;

function submit(cloud: Cloud, server: ServerRecord, action: Action, effect: () => void): void {
  cloud.cluster.submit(server, action, cloud.taskTime, effect);
}

const start: Act = (cloud, server) => {
  checkAction(server, "START");
  const project = cloud.quotas.project(server.userId, server.project);
  cloud.quotas.take(server.userId, project, quotas.running(flavorById(cloud, server.flavorId)));
  submit(cloud, server, "START", () => {
    server.state = "STARTED";
  });
};

const stop: Act = (cloud, server) => {
  checkAction(server, "STOP");
  submit(cloud, server, "STOP", () => {
    server.state = "STOPPED";
  });
};

const reboot: Act = (cloud, server, { type }) => {
  if (type !== "SOFT" && type !== "HARD") {
    throw badRequest("Malformed Request.");
  }
  checkAction(server, "REBOOT");
  submit(cloud, server, "REBOOT", () => {
    server.state = "STARTED";
  });
};

/** Resizes a server. In contrast to OpenStack, the client need not confirm the resize. */
const resize: Act = (cloud, server, { flavorRef }) => {
  const flavor = offeredFlavorById(cloud, id(flavorRef));
  checkAction(server, "RESIZE");
  const present = flavorById(cloud, server.flavorId);
  if (present.id === flavor.id) {
    throw badRequest(`Server '${String(server.id)}' flavor is already '${flavor.name}'.`);
  }
  if (present.disk !== flavor.disk) {
    throw badRequest("Cannot change instance's disk size.");
  }
  if (present.volumeType !== flavor.volumeType) {
    throw badRequest("Cannot change instance's volume type.");
  }
  submit(cloud, server, "RESIZE", () => {
    server.flavorId = flavor.id;
  });
};

const addFloatingIp: Act = (cloud, server, { address }, user) => {
  checkAction(server, "CONNECT");
  const floatingIp = floatingIpByAddress(cloud, user, scalar(address));
  const network = cloud.cloudState.networks.get(floatingIp.networkId);
  if (network === undefined || floatingIp.portId !== null) {
    throw conflict(`IP address '${floatingIp.address}' is already in use`);
  }
  const port = makePublicPort(cloud, user, network, floatingIp);
  connectPort(cloud, port, server);
  submit(cloud, server, "CONNECT", () => {
    activate(cloud, port);
  });
};

const removeFloatingIp: Act = (cloud, server, { address }, user) => {
  const { portId } = floatingIpByAddress(cloud, user, scalar(address));
  const port = portId === null ? undefined : cloud.cloudState.ports.get(portId);
  if (port?.serverId !== server.id) {
    throw notFound("Floating IP does not exist.");
  }
  checkAction(server, "DISCONNECT");
  submit(cloud, server, "DISCONNECT", () => {
    removePort(cloud, port);
  });
};

const ACTIONS: Readonly<Record<string, Act>> = {
  start,
  "os-start": start,
  shutdown: stop,
  "os-stop": stop,
  reboot,
  resize,
  addFloatingIp,
  removeFloatingIp,
  // Accepted, but has no effect.
  firewallProfile: () => undefined,
  console: (_, { state }) => {
    throw badRequest(
      state === "STARTED" ? "Consoles are not served here." : "Server not in ACTIVE state.",
    );
  },
};

/** Performs the action that the only key of `body` names. */
export function act(cloud: Cloud, user: UserRecord, server: ServerRecord, body: Json): void {
  const [[name, args] = [], ...rest] = Object.entries(body);
  if (name === undefined || rest.length > 0) {
    throw badRequest("Malformed Request.");
  }
  const action = Object.hasOwn(ACTIONS, name) ? ACTIONS[name] : undefined;
  if (action === undefined) {
    throw badRequest(`Action ${name} not supported`);
  }
  action(cloud, server, isJson(args) ? args : {}, user);
}

/** Deletes a server. This is possible during another job, and repeatedly until the deletion is done. */
export function destroyServer(cloud: Cloud, server: ServerRecord): void {
  submit(cloud, server, "DESTROY", () => {
    server.state = "DESTROYED";
    for (const port of [...cloud.cloudState.ports.values()]) {
      if (port.serverId === server.id) removePort(cloud, port);
    }
  });
}
