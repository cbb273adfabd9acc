import { z } from "zod";
import { NodeError } from "../../core/errors";
import { retry } from "../../core/retry";
import { bodyOf, redirectOf } from "../http-answer";
import { ApiFault, UnknownResult, errorTexts } from "./faults";

/** API version of each service that this client uses, by type of the service in the catalog. */
const VERSIONS = { account: "v1.0", compute: "v2.0", network: "v2.0", image: "v1.0" } as const;
export type OkeanosService = keyof typeof VERSIONS;

type Method = "GET" | "POST" | "PUT" | "DELETE";

export interface ClientOptions {
  /** Timeout of a request, in milliseconds. */
  readonly timeout?: number;
  /** Milliseconds before the first retry. The pause doubles with each retry, and varies by up to a quarter. */
  readonly pause?: number;
  /** Milliseconds for which the API may still execute a request that got no response; by default half of `timeout`. */
  readonly lateExecutionTimeout?: number;
}

interface Answer {
  readonly status: number;
  readonly body: string;
}

const endpointSchema = z.object({ publicURL: z.string() });
const accessSchema = z.object({
  access: z.object({
    token: z.object({ tenant: z.object({ id: z.string() }) }).optional(),
    serviceCatalog: z.array(z.object({ type: z.string(), endpoints: z.array(endpointSchema) })),
  }),
});

/** The user that is logged in, and the URLs of the services. */
interface Identity {
  /** ID of the user, which is also the ID of the user's own project. */
  readonly user: string;
  readonly endpoints: ReadonlyMap<string, string>;
}

const TIMEOUT = 30_000;
const PAUSE = 500;
/** Environment variable for the timeout of a request, in seconds. The default is 30. */
const TIMEOUT_VARIABLE = "TRUNKLINE_OKEANOS_TIMEOUT";
const ATTEMPTS = 6;

/** Returns whether an error status is a temporary failure, not a refusal of the request. */
const canRetry = (status: number): boolean => status === 429 || (status >= 500 && status !== 501);

/** Client for the APIs of Okeanos (Synnefo): Astakos (quotas), Cyclades (servers, networks), Plankton (images). */
export class OkeanosClient {
  private identity: Promise<Identity> | undefined;
  /** Milliseconds for which the API may still execute a request that got no response. */
  readonly lateExecutionTimeout: number;
  private readonly timeout: number;
  private readonly pause: number;

  /**
   * @param authUrl URL of Astakos, `https://…/identity/v2.0`.
   * @param token API token. Sent only to Astakos and to the services in its catalog.
   */
  constructor(
    private readonly authUrl: string,
    private readonly token: string,
    { timeout = TIMEOUT, pause = PAUSE, lateExecutionTimeout = timeout / 2 }: ClientOptions = {},
  ) {
    this.lateExecutionTimeout = lateExecutionTimeout;
    this.timeout = timeout;
    this.pause = pause;
  }

  /** Creates a client from environment variables. @throws NodeError with the variable that is missing or invalid */
  static fromEnvironment(env: NodeJS.ProcessEnv = process.env): OkeanosClient {
    const { OS_AUTH_URL: authUrl, OS_TOKEN: token, [TIMEOUT_VARIABLE]: seconds = "" } = env;
    const missing = [!authUrl && "OS_AUTH_URL", !token && "OS_TOKEN"].filter(Boolean);
    if (!authUrl || !token) {
      throw new NodeError(
        "okeanos",
        `${missing.join(" and ")} ${missing.length === 1 ? "is" : "are"} not set in the environment; see docs/okeanos.md`,
      );
    }
    if (!/^\d{0,4}$/.test(seconds) || Number(seconds || 1) === 0) {
      throw new NodeError(
        "okeanos",
        `${TIMEOUT_VARIABLE} is ${seconds}; set it to a number of seconds, such as 30`,
      );
    }
    return new OkeanosClient(
      authUrl,
      token,
      seconds === "" ? {} : { timeout: Number(seconds) * 1000 },
    );
  }

  async user(): Promise<string> {
    return (await this.authenticated()).user;
  }

  /** Returns the resource at `path`. @throws NodeError, for example an ApiFault with status 404 */
  get<T>(service: OkeanosService, path: string): Promise<T> {
    return this.request("GET", service, path) as Promise<T>;
  }

  put<T>(service: OkeanosService, path: string, body: object): Promise<T> {
    return this.request("PUT", service, path, body) as Promise<T>;
  }

  async delete(service: OkeanosService, path: string): Promise<void> {
    await this.request("DELETE", service, path);
  }

  /**
   * Sends POST once, without retries, because a retry might create a resource twice.
   *
   * @throws UnknownResult if it is unknown whether the API executed the request; another NodeError after any other
   * failure, such as an ApiFault if the API refuses the request.
   */
  post<T>(service: OkeanosService, path: string, body: object): Promise<T> {
    return this.request("POST", service, path, body) as Promise<T>;
  }

  private async request(
    method: Method,
    service: OkeanosService,
    path: string,
    body?: object,
  ): Promise<unknown> {
    const { endpoints } = await this.authenticated();
    const base = endpoints.get(service);
    if (base === undefined) {
      throw new NodeError("okeanos", `the service catalog has no service of type ${service}`);
    }
    return this.send(method, `${base}/${path}`, `${method} ${path}`, method !== "POST", body);
  }

  /** Logs in if necessary. A failed log-in is not cached: the next request tries again. */
  private authenticated(): Promise<Identity> {
    this.identity ??= this.logIn().catch((error: unknown) => {
      this.identity = undefined;
      throw error;
    });
    return this.identity;
  }

  private async logIn(): Promise<Identity> {
    const base = this.authUrl.replace(/\/+$/, "").replace(/\/tokens$/, "");
    const url = `${base.endsWith("/v2.0") ? base : `${base}/v2.0`}/tokens`;
    const body = { auth: { token: { id: this.token } } };
    // A log-in changes nothing, so a retry is safe.
    const answer = await this.send("POST", url, "POST tokens", true, body);
    const { data } = accessSchema.safeParse(answer);
    if (data === undefined) {
      throw new NodeError("okeanos", `${url} did not respond as Astakos does; check OS_AUTH_URL`);
    }
    const { access } = data;
    const endpoints = access.serviceCatalog.flatMap(({ type, endpoints: [endpoint] }) =>
      endpoint === undefined || !(type in VERSIONS)
        ? []
        : [[type, versioned(endpoint.publicURL, VERSIONS[type as OkeanosService])] as const],
    );
    return { user: access.token?.tenant.id ?? "", endpoints: new Map(endpoints) };
  }

  private async send(
    method: Method,
    url: string,
    name: string,
    isRepeatable: boolean,
    body?: object,
  ): Promise<unknown> {
    const isTransient = (error: unknown): boolean =>
      // For a request that creates nothing, 413 means too many requests, not an exceeded quota.
      error instanceof UnknownResult || (error instanceof ApiFault && error.status === 413);
    const attempts = isRepeatable ? ATTEMPTS : 1;
    const pause = (attempt: number): number =>
      this.pause * 2 ** (attempt - 1) * (0.75 + Math.random() / 2);
    const text = await retry(() => this.sendOnce(method, url, name, body), {
      attempts,
      pause,
      isTransient,
    });
    return text.trim() === "" ? {} : parsed(text, name);
  }

  private async sendOnce(
    method: Method,
    url: string,
    name: string,
    body?: object,
  ): Promise<string> {
    let answer: Answer;
    try {
      answer = await this.fetch(method, url, body);
    } catch (error) {
      throw error instanceof NodeError ? error : new UnknownResult(name, reasonOf(error), true);
    }
    const { status } = answer;
    if (status < 400) return answer.body;
    const { message, details } = errorTexts(answer.body);
    if (canRetry(status))
      throw new UnknownResult(name, `${String(status)} ${message}`.trim(), false);
    if (status === 401) throw new NodeError("okeanos", REFUSED_TOKEN);
    throw new ApiFault(status, name, message, details);
  }

  private async fetch(method: Method, url: string, body?: object): Promise<Answer> {
    const response = await fetch(url, {
      method,
      headers: {
        accept: "application/json",
        "x-auth-token": this.token,
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      signal: AbortSignal.timeout(this.timeout),
      redirect: "manual", // a redirect could send the token to another host
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const target = redirectOf(url, response);
    if (target !== undefined) {
      await response.body?.cancel();
      throw new NodeError(
        "okeanos",
        `${url} returned ${String(response.status)}, a redirect to ${target}, which was not followed, to ` +
          "protect the token; if the target is the right address, set OS_AUTH_URL to it",
      );
    }
    return { status: response.status, body: await bodyOf(response) };
  }
}

const REFUSED_TOKEN =
  "the token was rejected; copy a valid token from the API access page of Okeanos, and set OS_TOKEN to it";

/**
 * Adds the API version to a URL that has none. Up to Synnefo 0.18, every URL of the catalog has a version. In later
 * releases, only some URLs have a version.
 */
function versioned(publicUrl: string, version: string): string {
  const url = publicUrl.replace(/\/+$/, "");
  return /\/v\d+(?:\.\d+)?$/.test(url) ? url : `${url}/${version}`;
}

function parsed(body: string, request: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    throw new UnknownResult(request, "the response is not JSON", false);
  }
}

/** Returns a short reason for a failed request. An error of `fetch` has the reason in `cause`. */
function reasonOf(error: unknown): string {
  const { name, message, cause } = error as Error & { cause?: { code?: string } };
  return name === "TimeoutError" ? "no response in time" : (cause?.code ?? message);
}
