import { z } from "zod";
import { OperatorError } from "../../core/errors";
import { bodyOf, redirectOf } from "../http-answer";
import type { OpenStackSettings } from "./cloud-settings";
import { type RequestOptions, tlsFetch } from "./tls-fetch";
import type { TlsSettings } from "./tls-settings";

/** Timeout of a request, in milliseconds. */
const TIMEOUT = 20_000;
/** Remaining lifetime below which a token is replaced, in milliseconds. */
const MARGIN = 60_000;

const endpoint = z.object({
  interface: z.string(),
  region_id: z.string().nullish(),
  url: z.string(),
});
const catalog = z.array(z.object({ type: z.string(), endpoints: z.array(endpoint) }));
const tokens = z.object({
  token: z.object({
    expires_at: z.string(),
    project: z.object({ id: z.string() }).optional(),
    catalog: catalog.default([]),
  }),
});

interface Token {
  readonly id: string;
  readonly expires: number;
  readonly project: string;
  readonly catalog: z.output<typeof catalog>;
}

/** Official types of the services that are used here, each with the type names that catalogs may use. */
const TYPES = { compute: ["compute"], network: ["network"] } as const;
export type OpenStackService = keyof typeof TYPES;

/** An authenticated session with an OpenStack cloud (Identity API v3). */
export class CloudSession {
  private token: Promise<Token> | null = null;

  constructor(private readonly settings: OpenStackSettings) {}

  async projectId(): Promise<string> {
    return (await this.validToken()).project;
  }

  /** Sends GET and returns the response. @throws OperatorError, also if the resource does not exist */
  async get<T>(service: OpenStackService, path: string, schema: z.ZodType<T>): Promise<T> {
    const found = await this.find(service, path, schema);
    if (found === null) throw new OperatorError(`the cloud's ${service} service has no ${path}`);
    return found;
  }

  /** Sends GET and returns the response; null if the resource does not exist. @throws OperatorError */
  async find<T>(service: OpenStackService, path: string, schema: z.ZodType<T>): Promise<T | null> {
    const response = await this.request("GET", service, path);
    return response.status === 404 ? null : parsed(response, schema);
  }

  /** Deletes a resource. A resource that does not exist is not an error. @throws OperatorError */
  async delete(service: OpenStackService, path: string): Promise<void> {
    await this.request("DELETE", service, path);
  }

  private async request(method: string, service: OpenStackService, path: string): Promise<Answer> {
    const token = await this.validToken();
    const url = `${this.endpoint(token, service)}${path}`;
    const request = { method, headers: { "x-auth-token": token.id } };
    const response = await send(url, request, this.settings.tls);
    if (response.isGood || response.status === 404) return response;
    // The token may have been revoked. The next request logs in again.
    if (response.status === 401) this.token = null;
    throw new OperatorError(
      `${method} ${url} returned ${String(response.status)}: ${firstWords(response)}`,
    );
  }

  private async validToken(): Promise<Token> {
    const known = await this.token?.catch(() => null);
    if (known && known.expires > Date.now() + MARGIN) return known;
    this.token = this.logIn();
    return this.token;
  }

  private async logIn(): Promise<Token> {
    const { auth, tls } = this.settings;
    const base = (auth.auth_url ?? "").replace(/\/+$/, "").replace(/(\/v3)?$/, "/v3");
    const request = {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ auth: credentials(auth) }),
    };
    const response = await send(`${base}/auth/tokens`, request, tls);
    if (!response.isGood) {
      throw new OperatorError(
        `authentication failed; check OS_CLOUD or OS_*: ${String(response.status)} ` +
          firstWords(response),
      );
    }
    const { token } = parsed(response, tokens);
    return {
      id: response.subjectToken,
      expires: Date.parse(token.expires_at),
      project: token.project?.id ?? "",
      catalog: token.catalog,
    };
  }

  private endpoint({ catalog }: Token, service: OpenStackService): string {
    const { region, endpoint } = this.settings;
    const url = catalog
      .find(({ type }) => TYPES[service].some((known) => known === type))
      ?.endpoints.find(
        (offered) =>
          offered.interface === endpoint && (region === undefined || offered.region_id === region),
      )?.url;
    if (url === undefined) {
      throw new OperatorError(
        `the cloud's catalog has no ${endpoint} endpoint of ${service}` +
          `${region === undefined ? "" : ` in region ${region}`}; check OS_REGION_NAME`,
      );
    }
    const bare = url.replace(/\/+$/, "");
    return service === "network" ? `${bare.replace(/\/v2(\.0)?$/, "")}/v2.0` : bare;
  }
}

/** Returns the `auth` object of a log-in with a password, an application credential or a token. */
function credentials(auth: Readonly<Record<string, string>>): object {
  const some = (fields: Readonly<Record<string, unknown>>): object =>
    Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
  const domain = (of: "user" | "project"): object | undefined => {
    const id = auth[`${of}_domain_id`] ?? auth.domain_id;
    const name = auth[`${of}_domain_name`] ?? auth.domain_name;
    return id === undefined && name === undefined ? undefined : some({ id, name });
  };
  const user = some({ id: auth.user_id, name: auth.username, domain: domain("user") });
  if (auth.application_credential_secret !== undefined) {
    // An application credential belongs to one project, so the request must not name a project.
    const { application_credential_id: id, application_credential_name: name } = auth;
    const secret = auth.application_credential_secret;
    const credential = some({ id, name, secret, ...(id === undefined ? { user } : {}) });
    return {
      identity: { methods: ["application_credential"], application_credential: credential },
    };
  }
  const project = some({ id: auth.project_id, name: auth.project_name, domain: domain("project") });
  const scope = { project };
  return auth.token !== undefined
    ? { identity: { methods: ["token"], token: { id: auth.token } }, scope }
    : {
        identity: {
          methods: ["password"],
          password: { user: { ...user, password: auth.password } },
        },
        scope,
      };
}

interface Answer {
  readonly url: string;
  readonly status: number;
  readonly isGood: boolean;
  /** New token, which Keystone's response to a log-in has in a header; empty in other responses. */
  readonly subjectToken: string;
  readonly body: string;
}

const redirected = (url: string, status: number, target: string): OperatorError =>
  new OperatorError(
    `${url} returned ${String(status)}, a redirect to ${target}, which was not followed, to protect the ` +
      "password and the token; if the target is the right address, use it as OS_AUTH_URL (or auth_url in " +
      "clouds.yaml), or as the address of the service in the cloud's catalog",
  );

/** Sends a request; returns the whole response. @throws OperatorError if the request fails or is redirected */
async function send(url: string, request: RequestOptions, tls?: TlsSettings): Promise<Answer> {
  try {
    const response = await tlsFetch(url, { ...request, signal: AbortSignal.timeout(TIMEOUT) }, tls);
    const { status, ok: isGood, headers } = response;
    const target = redirectOf(url, response);
    if (target !== undefined) throw redirected(url, status, target);
    const subjectToken = headers.get("x-subject-token") ?? "";
    return { url, status, isGood, subjectToken, body: await bodyOf(response) };
  } catch (error) {
    if (error instanceof OperatorError) throw error;
    const { message, cause } = error as Error & { readonly cause?: { readonly message?: string } };
    throw new OperatorError(`the request to ${url} failed: ${cause?.message ?? message}`);
  }
}

/** Parses a response. @throws OperatorError if it is not JSON (such as a proxy's page) or does not match `schema` */
function parsed<T>({ url, body }: Answer, schema: z.ZodType<T>): T {
  let json: unknown;
  try {
    json = JSON.parse(body);
  } catch {
    throw new OperatorError(`${url} returned a response that is not JSON`);
  }
  const { data, error } = schema.safeParse(json);
  if (error !== undefined) {
    throw new OperatorError(`${url} returned an unexpected response: ${z.prettifyError(error)}`);
  }
  return data;
}

const firstWords = ({ body }: Answer): string => body.replace(/\s+/g, " ").slice(0, 200);
