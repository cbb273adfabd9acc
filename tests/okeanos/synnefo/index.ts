import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { accountRoutes } from "./account";
import { Clock } from "./clock";
import type { Cloud } from "./cloud";
import type { RemainingResources, CloudState } from "./cloud-state";
import { Cluster, type Hypervisor } from "./cluster";
import { type Failure, type FailurePlan, type Seen } from "./failures";
import { SynnefoFault, unexpected } from "./faults";
import { flavorRoutes } from "./flavors";
import { floatingIpRoutes } from "./floating-ips";
import { identityRoutes } from "./identity";
import { imageRoutes } from "./images";
import { keyPairRoutes } from "./keypairs";
import { networkRoutes } from "./networks";
import { portRoutes } from "./ports";
import { QuotaUsage } from "./quotas";
import { type Answer, type ApiCall, Router } from "./router";
import { type Seed, sow } from "./seed";
import { serverRoutes } from "./servers";
import { subnetRoutes } from "./subnets";
import { versionRoutes } from "./versions";
import { volumeRoutes } from "./volumes";

export type { RemainingResources } from "./cloud-state";
export type { Hypervisor, Machine } from "./cluster";
export {
  type Failure,
  failEachOnce,
  failNext,
  type FailurePlan,
  kindOf,
  type Seen,
} from "./failures";

export interface OkeanosOptions extends Seed {
  /** Duration of a build in milliseconds, without the time to start a real machine. */
  readonly buildTime?: number;
  /** Duration of any other job in milliseconds, without the time for the action on a real machine. */
  readonly taskTime?: number;
  /** Control of the real machines behind the servers; by default, there are no machines. */
  readonly hypervisor?: Hypervisor;
  /** Returns the time in milliseconds since 1970; `Date.now` by default. */
  readonly time?: () => number;
  readonly port?: number;
}

/** Request and its outcome. */
export interface Request extends Seen {
  readonly query: string;
  readonly body: string;
  /** Status of the answer; "none" if there was no answer. */
  readonly status: number | "none";
  /** Whether the failure plan made the request fail. */
  readonly failed: boolean;
}

export interface Okeanos {
  readonly origin: string;
  /** Identity URL for clients (`OS_AUTH_URL`). */
  readonly identityUrl: string;
  /** Token of the first user. */
  readonly token: string;
  readonly userId: string;
  readonly requests: readonly Request[];
  /** Requests that match no route of this server, and requests whose handler threw an unexpected error. */
  readonly unknownRequests: readonly string[];
  /** Returns the resources that have not been deleted. */
  remaining(): RemainingResources;
  /** Stops offering a flavor to new servers. */
  retireFlavor(name: string): void;
  /** Sets the failure plan for further requests; `undefined` removes the plan. */
  fail(plan: FailurePlan | undefined): void;
  stop(): Promise<void>;
}

/** Starts the simulated cloud: a server on a loopback port that answers like Synnefo, the software of Okeanos. */
export async function startOkeanos(options: OkeanosOptions = {}): Promise<Okeanos> {
  const clock = new Clock(options.time);
  const cloudState = sow(options, clock.stamp());
  const cloud = makeCloud(options, cloudState, clock);
  const router = new Router([
    ...identityRoutes(cloud),
    ...accountRoutes(cloud),
    ...versionRoutes(),
    ...flavorRoutes(cloud),
    ...imageRoutes(cloud),
    ...keyPairRoutes(cloud),
    ...networkRoutes(cloud),
    ...subnetRoutes(cloud),
    ...portRoutes(cloud),
    ...floatingIpRoutes(cloud),
    ...serverRoutes(cloud),
    ...volumeRoutes(cloud),
  ]);
  const requests: Request[] = [];
  let plan: FailurePlan | undefined;

  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const call = await callOf(request);
    clock.settle();
    const failure = plan?.(call);
    const real = failure === undefined || failure.lost === true ? answer(router, call) : undefined;
    const given = failure === undefined ? real : failing(failure);
    const { method, path, query, text: body } = call;
    const status = given?.status ?? "none";
    const failed = failure !== undefined;
    requests.push({ method, path, query: query.toString(), body, status, failed });
    if (given !== undefined) {
      send(response, clock, given);
    } else if (failure !== undefined && "reset" in failure) {
      request.socket.resetAndDestroy();
    }
  };

  const server = createServer((request, response) => {
    void handle(request, response);
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port ?? 0, "127.0.0.1", resolve);
  });
  const origin = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
  const [user] = cloudState.users.values();
  return {
    origin,
    identityUrl: `${origin}/astakos/identity/v2.0`,
    token: user?.token ?? "",
    userId: user?.uuid ?? "",
    requests,
    unknownRequests: router.unknown,
    remaining: () => {
      clock.settle();
      return cloudState.remaining();
    },
    retireFlavor: (name) => {
      cloudState.retiredFlavors.add(name);
    },
    fail: (next) => {
      plan = next;
    },
    stop: () =>
      new Promise((resolve) => {
        clock.stop();
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}

function makeCloud(options: OkeanosOptions, cloudState: CloudState, clock: Clock): Cloud {
  return {
    cloudState,
    clock,
    cluster: new Cluster(cloudState, clock, options.hypervisor),
    quotas: new QuotaUsage(cloudState),
    buildTime: options.buildTime ?? 300,
    taskTime: options.taskTime ?? 100,
  };
}

async function callOf(request: IncomingMessage): Promise<ApiCall> {
  const origin = `http://${request.headers.host ?? "127.0.0.1"}`;
  const { pathname, searchParams } = new URL(request.url ?? "/", origin);
  return {
    origin,
    method: request.method ?? "GET",
    path: decodeURIComponent(pathname),
    query: searchParams,
    headers: request.headers,
    text: await text(request),
    params: {},
  };
}

function answer(router: Router, call: ApiCall): Answer {
  try {
    return router.answer(call);
  } catch (error) {
    if (error instanceof SynnefoFault) {
      return { status: error.code, body: error.body };
    }
    router.unknown.push(`${call.method} ${call.path}: ${String((error as Error).stack)}`);
    return { status: 500, body: unexpected().body };
  }
}

/** Returns the answer of a planned failure; undefined if the failure has no answer. */
function failing(failure: Failure): Answer | undefined {
  if (!("status" in failure)) return undefined;
  const { status } = failure;
  const kinds = { 413: "overLimit", 500: "internalServerError", 503: "serviceUnavailable" };
  return { status, body: new SynnefoFault(kinds[status], status, "Failed by the test").body };
}

function send(response: ServerResponse, clock: Clock, { status, body, headers }: Answer): void {
  response.writeHead(status, {
    "content-type": "application/json; charset=UTF-8",
    "last-modified": new Date(clock.now()).toUTCString(),
    ...headers,
  });
  response.end(
    body === undefined ? undefined : typeof body === "string" ? body : JSON.stringify(body),
  );
}
