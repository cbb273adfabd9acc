import type { Cloud } from "./cloud";
import type { Action, ServerRecord, UserRecord } from "./cloud-state";
import { badRequest, buildInProgress, notFound } from "./faults";

/** Returns a server, even if it was deleted. Deleted servers stay readable. */
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

/** State that an action requires. Other actions are possible in any state. */
const WANTED: Readonly<Partial<Record<Action, ServerRecord["state"]>>> = {
  START: "STOPPED",
  STOP: "STARTED",
  RESIZE: "STOPPED",
};

/** @throws SynnefoFault if the server has another pending task or is in the wrong state. */
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
