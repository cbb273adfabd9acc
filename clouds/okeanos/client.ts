import { z } from "zod";
import { bodyOf, redirectOf } from "../http-answer";
import { NodeError } from "../../core/errors";
import { retry } from "../../core/retry";
import { ApiFault, Uncertain, wordsOf } from "./faults";

/** Types of services in the catalog, and the versions of their APIs that are spoken here. */
const VERSIONS = { account: "v1.0", compute: "v2.0", network: "v2.0", image: "v1.0" } as const;
export type OkeanosService = keyof typeof VERSIONS;

type Method = "GET" | "POST" | "PUT" | "DELETE";

export interface ClientOptions {
  /** Milliseconds that an answer may take. */
  readonly timeout?: number;
  /** Milliseconds until the first repetition; each further one waits twice as long. */
  readonly pause?: number;
  /** Milliseconds that a request which nobody answered may still be on its way; half of `timeout`. */
  readonly straggler?: number;
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

/** Who is logged in, and where the services are. */
interface Identity {
  /** Of the user, which is the one of his own project as well. */
  readonly user: string;
  readonly endpoints: ReadonlyMap<string, string>;
}

const TIMEOUT = 30_000;
const PAUSE = 500;
/** Seconds that an answer may take, where 30 are too many or too few. */
const TIMEOUT_VARIABLE = "TRUNKLINE_OKEANOS_TIMEOUT";
const ATTEMPTS = 6;

/** Answers that say nothing of the request: a later one may have better luck. */
const isPassing = (status: number): boolean => status === 429 || (status >= 500 && status !== 501);

/** The APIs of Okeanos (Synnefo): Astakos, Cyclades, Plankton. */
export class OkeanosClient {
  private identity: Promise<Identity> | undefined;
  readonly straggler: number;
  private readonly timeout: number;
  private readonly pause: number;

  /**
   * @param authUrl of Astakos, `https://…/identity/v2.0`.
   * @param token is sent to the services and nowhere else.
   */
  constructor(
    private readonly authUrl: string,
    private readonly token: string,
    { timeout = TIMEOUT, pause = PAUSE, straggler = timeout / 2 }: ClientOptions = {},
  ) {
    this.straggler = straggler;
    this.timeout = timeout;
    this.pause = pause;
  }

  /** @throws NodeError naming the variable that is not set, or is not as it should be. */
  static fromEnvironment(env: NodeJS.ProcessEnv = process.env): OkeanosClient {
    const { OS_AUTH_URL: authUrl, OS_TOKEN: token, [TIMEOUT_VARIABLE]: seconds = "" } = env;
    const missing = [!authUrl && "OS_AUTH_URL", !token && "OS_TOKEN"].filter(Boolean);
    if (!authUrl || !token) {
      throw new NodeError(
        "okeanos",
        `${missing.join(" and ")} is not set in the environment; see docs/okeanos.md`,
      );
    }
    if (!/^\d{0,4}$/.test(seconds) || Number(seconds || 1) === 0) {
      throw new NodeError(
        "okeanos",
        `${TIMEOUT_VARIABLE} is ${seconds}; write seconds, such as 30`,
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

  /** What there is at `path`. @throws ApiFault; Uncertain when there is no sensible answer. */
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
   * Sent once: what it makes might be made twice.
   *
   * @throws ApiFault when it was refused; Uncertain when nobody knows.
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
      throw new NodeError("okeanos", `its catalog has no service of type ${service}`);
    }
    return this.send(method, `${base}/${path}`, `${method} ${path}`, method !== "POST", body);
  }

  /** A failed log-in is not kept: the next request tries anew. */
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
    // It changes nothing, so it may be sent again.
    const answer = await this.send("POST", url, "POST tokens", true, body);
    const { data } = accessSchema.safeParse(answer);
    if (data === undefined) {
      throw new NodeError("okeanos", `${url} does not answer as Astakos does; see OS_AUTH_URL`);
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
      // For a request that creates nothing, 413 is about the rate of requests, not about a quota.
      error instanceof Uncertain || (error instanceof ApiFault && error.status === 413);
    const attempts = isRepeatable ? ATTEMPTS : 1;
    const pause = (attempt: number): number =>
      this.pause * 2 ** (attempt - 1) * (0.75 + Math.random() / 2);
    return retry(() => this.sendOnce(method, url, name, body), { attempts, pause, isTransient });
  }

  private async sendOnce(
    method: Method,
    url: string,
    name: string,
    body?: object,
  ): Promise<unknown> {
    let answer: Answer;
    try {
      answer = await this.fetch(method, url, body);
    } catch (error) {
      throw error instanceof NodeError ? error : new Uncertain(name, reasonOf(error), true);
    }
    const { status } = answer;
    if (status < 400) return answer.body.trim() === "" ? {} : parsed(answer.body, name);
    const { message, details } = wordsOf(answer.body);
    if (isPassing(status)) throw new Uncertain(name, `${String(status)} ${message}`.trim(), false);
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
      redirect: "manual", // another host would be given the token
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const target = redirectOf(url, response);
    if (target !== undefined) {
      await response.body?.cancel();
      throw new NodeError(
        "okeanos",
        `${url} answers ${String(response.status)} and sends its caller to ${target}, which does not get ` +
          "the token; if that is the right address, set OS_AUTH_URL to it",
      );
    }
    return { status: response.status, body: await bodyOf(response) };
  }
}

const REFUSED_TOKEN =
  "the token is refused; take a valid one from the API access page of Okeanos, and set OS_TOKEN to it";

/** Releases up to 0.18 have the version in every address of the catalog, later ones in some. */
function versioned(publicUrl: string, version: string): string {
  const url = publicUrl.replace(/\/+$/, "");
  return /\/v\d+(?:\.\d+)?$/.test(url) ? url : `${url}/${version}`;
}

function parsed(body: string, request: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    throw new Uncertain(request, "the answer is not JSON", false);
  }
}

/** In a word: the error of `fetch` is about itself, and has the reason within. */
function reasonOf(error: unknown): string {
  const { name, message, cause } = error as Error & { cause?: { code?: string } };
  return name === "TimeoutError" ? "no answer in time" : (cause?.code ?? message);
}
