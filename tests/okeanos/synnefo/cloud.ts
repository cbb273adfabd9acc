import type { Books, User } from "./books";
import type { Clock } from "./clock";
import type { Cluster } from "./cluster";
import { relayed, unauthorized } from "./faults";
import type { Quotas } from "./quotas";
import { route, type Answer, type Call, type Route } from "./router";

/** What the services of the cloud share. */
export interface Cloud {
  readonly books: Books;
  readonly clock: Clock;
  readonly cluster: Cluster;
  readonly quotas: Quotas;
  /** Milliseconds that a new server builds. */
  readonly buildTime: number;
  /** Milliseconds that any other job takes. */
  readonly taskTime: number;
}

type UserHandler = (user: User, call: Call) => Answer;

export const userOfToken = ({ books }: Cloud, token: unknown): User | undefined =>
  [...books.users.values()].find((user) => user.token === token);

function authenticate(cloud: Cloud, { headers }: Call): User {
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

/** A route of Astakos that wants a token. */
export const account = (cloud: Cloud, method: string, path: string, handle: UserHandler): Route =>
  route(method, `/astakos/account/v1.0${path}`, (call) => handle(authenticate(cloud, call), call));

/** A route of Cyclades or Plankton, which hand a token on to Astakos and wrap what it says to it. */
export const cyclades = (cloud: Cloud, method: string, path: string, handle: UserHandler): Route =>
  route(method, `/cyclades${path}`, (call) => {
    const token = call.headers["x-auth-token"];
    if (token !== undefined && userOfToken(cloud, token) === undefined) {
      throw relayed(unauthorized("Invalid token"));
    }
    return handle(authenticate(cloud, call), call);
  });

/** Whether `user` may see something: it is the user's, or of a cloud-wide kind. */
export const sees = (user: User, { userId }: { readonly userId: string | null }): boolean =>
  userId === null || userId === user.uuid;
