import { z } from "zod";
import { OperatorError } from "../../core/errors";
import { bodyOf, redirectOf } from "../http-answer";
import type { OpenStackSettings } from "./settings";
import { type Asked, tlsFetch } from "./tls-fetch";
import type { TlsSettings } from "./tls-settings";

/** Time that a service of the cloud has for an answer, in milliseconds. */
const PATIENCE = 20_000;
/** A token is replaced when it has this long to live, in milliseconds. */
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

/** Of the services' official types, those that are asked here, and what older catalogs call them. */
const TYPES = { compute: ["compute"], network: ["network"] } as const;
export type OpenStackService = keyof typeof TYPES;

/** A user of an OpenStack cloud (Identity API v3), who asks its services. */
export class CloudSession {
  private token: Promise<Token> | null = null;

  constructor(private readonly settings: OpenStackSettings) {}

  async projectId(): Promise<string> {
    return (await this.valid()).project;
  }

  /** The answer to GET. @throws OperatorError where it is not as `schema` has it, too */
  async get<T>(service: OpenStackService, path: string, schema: z.ZodType<T>): Promise<T> {
    const found = await this.find(service, path, schema);
    if (found === null) throw new OperatorError(`the cloud's ${service} service has no ${path}`);
    return found;
  }

  /** The same; null where there is no such thing. */
  async find<T>(service: OpenStackService, path: string, schema: z.ZodType<T>): Promise<T | null> {
    const response = await this.request("GET", service, path);
    return response.status === 404 ? null : understood(response, schema);
  }

  /** Something that is gone already is as good. @throws OperatorError */
  async delete(service: OpenStackService, path: string): Promise<void> {
    await this.request("DELETE", service, path);
  }

  private async request(method: string, service: OpenStackService, path: string): Promise<Answer> {
    const token = await this.valid();
    const url = `${this.endpoint(token, service)}${path}`;
    const asked = { method, headers: { "x-auth-token": token.id } };
    const response = await answer(url, asked, this.settings.tls);
    if (response.isGood || response.status === 404) return response;
    // A token may be revoked before its time.
    if (response.status === 401) this.token = null;
    throw new OperatorError(`${method} ${url}: ${String(response.status)} ${firstWords(response)}`);
  }

  private async valid(): Promise<Token> {
    const known = await this.token?.catch(() => null);
    if (known && known.expires > Date.now() + MARGIN) return known;
    this.token = this.logIn();
    return this.token;
  }

  private async logIn(): Promise<Token> {
    const { auth, tls } = this.settings;
    const base = (auth.auth_url ?? "").replace(/\/+$/, "").replace(/(\/v3)?$/, "/v3");
    const asked = {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ auth: credentials(auth) }),
    };
    const response = await answer(`${base}/auth/tokens`, asked, tls);
    if (!response.isGood) {
      throw new OperatorError(
        `the cloud lets nobody in with what OS_CLOUD or OS_* say: ${String(response.status)} ` +
          firstWords(response),
      );
    }
    const { token } = understood(response, tokens);
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
        `the cloud's catalog has no ${endpoint} address of ${service}` +
          `${region === undefined ? "" : ` in region ${region}`}; see OS_REGION_NAME`,
      );
    }
    const bare = url.replace(/\/+$/, "");
    return service === "network" ? `${bare.replace(/\/v2(\.0)?$/, "")}/v2.0` : bare;
  }
}

/** The body of a log-in, for a password, an application credential or a token. */
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
    // Made for one project, which it must not name again.
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
  /** A token that was asked for; Keystone has it in a header. */
  readonly subjectToken: string;
  readonly body: string;
}

const redirected = (url: string, status: number, target: string): OperatorError =>
  new OperatorError(
    `${url} answers ${String(status)} and sends its caller to ${target}, which gets neither the password ` +
      "nor the token; if that is the right address, set OS_AUTH_URL (or auth_url in clouds.yaml) to it, " +
      "or the address of the service in the cloud's catalog",
  );

/** All of it: an answer that is cut short, or comes too slowly, is none. @throws OperatorError */
async function answer(url: string, asked: Asked, tls?: TlsSettings): Promise<Answer> {
  try {
    const response = await tlsFetch(url, { ...asked, signal: AbortSignal.timeout(PATIENCE) }, tls);
    const { status, ok: isGood, headers } = response;
    const target = redirectOf(url, response);
    if (target !== undefined) throw redirected(url, status, target);
    const subjectToken = headers.get("x-subject-token") ?? "";
    return { url, status, isGood, subjectToken, body: await bodyOf(response) };
  } catch (error) {
    if (error instanceof OperatorError) throw error;
    const { message, cause } = error as Error;
    throw new OperatorError(
      `${url} does not answer: ${cause instanceof Error ? cause.message : message}`,
    );
  }
}

/** @throws OperatorError where it is not as `schema` has it: a proxy's page for people is no JSON. */
function understood<T>({ url, body }: Answer, schema: z.ZodType<T>): T {
  let json: unknown;
  try {
    json = JSON.parse(body);
  } catch {
    throw new OperatorError(`${url} answers what is no JSON`);
  }
  const { data, error } = schema.safeParse(json);
  if (error !== undefined) {
    throw new OperatorError(`${url} answers what is not understood: ${z.prettifyError(error)}`);
  }
  return data;
}

const firstWords = ({ body }: Answer): string => body.replace(/\s+/g, " ").slice(0, 200);
