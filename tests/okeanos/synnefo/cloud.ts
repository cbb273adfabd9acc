import type { Clock } from "./clock";
import type { CloudState, UserRecord } from "./cloud-state";
import type { Cluster } from "./cluster";
import { relayed, unauthorized } from "./faults";
import type { QuotaUsage } from "./quotas";
import { route, type Answer, type ApiCall, type Route } from "./router";

/** State that the services of the cloud share. */
export interface Cloud {
  readonly cloudState: CloudState;
  readonly clock: Clock;
  readonly cluster: Cluster;
  readonly quotas: QuotaUsage;
  /** Build time of a new server, in milliseconds. */
  readonly buildTime: number;
  /** Duration of each job other than a build, in milliseconds. */
  readonly taskTime: number;
}

type UserHandler = (user: UserRecord, call: ApiCall) => Answer;

export const userOfToken = ({ cloudState }: Cloud, token: unknown): UserRecord | undefined =>
  [...cloudState.users.values()].find((user) => user.token === token);

function authenticate(cloud: Cloud, { headers }: ApiCall): UserRecord {
  const token = headers["x-auth-token"];
  if (token === undefined) {
    throw unauthorized("Access denied. No authentication token");
  }
  const user = userOfToken(cloud, token);
  if (user === undefined) {
    throw unauthorized("Invalid X-Auth-Token");
  }
  return user;
}

/** Returns a route of Astakos that requires a token. */
export const account = (cloud: Cloud, method: string, path: string, handle: UserHandler): Route =>
  route(method, `/astakos/account/v1.0${path}`, (call) => handle(authenticate(cloud, call), call));

/** Returns a route of Cyclades or Plankton. Both ask Astakos about a token, and wrap the fault for a wrong token. */
export const cyclades = (cloud: Cloud, method: string, path: string, handle: UserHandler): Route =>
  route(method, `/cyclades${path}`, (call) => {
    const token = call.headers["x-auth-token"];
    if (token !== undefined && userOfToken(cloud, token) === undefined) {
      throw relayed(unauthorized("Invalid token"));
    }
    return handle(authenticate(cloud, call), call);
  });

/** Returns whether `user` may see a resource: the user's own resource, or a resource of the cloud. */
export const sees = (user: UserRecord, { userId }: { readonly userId: string | null }): boolean =>
  userId === null || userId === user.uuid;
