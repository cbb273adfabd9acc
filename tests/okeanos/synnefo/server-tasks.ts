import type { Action, Server, User } from "./books";
import type { Cloud } from "./cloud";
import { badRequest, buildInProgress, notFound } from "./faults";

/** A server that may have been deleted: it can be looked at for ever. */
export function findServer({ books }: Cloud, user: User, id: string): Server {
  const server = books.servers.get(Number(id));
  if (server?.userId !== user.uuid) {
    throw notFound("Server not found.");
  }
  return server;
}

export function findLiveServer(cloud: Cloud, user: User, id: string): Server {
  const server = findServer(cloud, user, id);
  if (server.state === "DESTROYED") {
    throw badRequest("Server has been deleted.");
  }
  return server;
}

/** The state that an action wants a server in; others are possible in any. */
const WANTED: Readonly<Partial<Record<Action, Server["state"]>>> = {
  START: "STOPPED",
  STOP: "STARTED",
  RESIZE: "STOPPED",
};

/** @throws ApiFault when the server has to do something else first, or is in the wrong state. */
export function checkAction({ id, state, task }: Server, action: Action): void {
  if (state === "BUILD" || task?.action === "BUILD") {
    throw buildInProgress(`Server '${String(id)}' is being built.`);
  }
  if (task !== null) {
    throw badRequest(
      `Cannot perform '${action}' action while there is a pending '${task.action}'.`,
    );
  }
  if (state === "ERROR" || (WANTED[action] ?? state) !== state) {
    throw badRequest(`Cannot perform '${action}' action while server is in '${state}' state.`);
  }
}
