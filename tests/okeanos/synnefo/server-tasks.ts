import type { Cloud } from "./cloud";
import type { Action, ServerRecord, UserRecord } from "./cloud-state";
import { badRequest, buildInProgress, notFound } from "./faults";

/** Returns a server, even if the server was deleted. @throws SynnefoFault if the user never had this server. */
export function findServer({ cloudState }: Cloud, user: UserRecord, id: string): ServerRecord {
  const server = cloudState.servers.get(Number(id));
  if (server?.userId !== user.uuid) {
    throw notFound("Server not found.");
  }
  return server;
}

export function findLiveServer(cloud: Cloud, user: UserRecord, id: string): ServerRecord {
  const server = findServer(cloud, user, id);
  if (server.state === "DESTROYED") {
    throw badRequest("Server has been deleted.");
  }
  return server;
}

/** State that an action requires. The other actions are possible in both states, STARTED and STOPPED. */
const WANTED: Readonly<Partial<Record<Action, ServerRecord["state"]>>> = {
  START: "STOPPED",
  STOP: "STARTED",
  RESIZE: "STOPPED",
};

/** Checks whether an action is possible. @throws SynnefoFault if a task is pending, or the state is wrong. */
export function checkAction({ id, state, task }: ServerRecord, action: Action): void {
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
