import { readFileSync } from "node:fs";
import { parse } from "yaml";

interface Cloud {
  readonly auth: {
    readonly auth_url: string;
    readonly username: string;
    readonly password: string;
    readonly project_name: string;
    readonly user_domain_name: string;
    readonly project_domain_name: string;
  };
}

export interface Token {
  readonly id: string;
  readonly projectId: string;
  readonly endpoint: (type: string) => string;
}

/** Logs in to the cloud that `OS_CLOUD` and `OS_CLIENT_CONFIG_FILE` name (Identity API v3). */
export async function logIn(): Promise<Token> {
  const { OS_CLOUD: name = "", OS_CLIENT_CONFIG_FILE: file = "" } = process.env;
  const { clouds } = parse(readFileSync(file, "utf8")) as { clouds: Record<string, Cloud> };
  const auth = clouds[name]?.auth;
  if (auth === undefined) {
    throw new Error(`${file} has no cloud ${name}`);
  }
  const response = await fetch(`${auth.auth_url}/auth/tokens`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      auth: {
        identity: {
          methods: ["password"],
          password: {
            user: {
              name: auth.username,
              password: auth.password,
              domain: { name: auth.user_domain_name },
            },
          },
        },
        scope: {
          project: { name: auth.project_name, domain: { name: auth.project_domain_name } },
        },
      },
    }),
  });
  if (!response.ok) {
    throw new Error(`authentication failed: ${String(response.status)} ${await response.text()}`);
  }
  const { token } = (await response.json()) as {
    token: {
      project: { id: string };
      catalog: { type: string; endpoints: { interface: string; url: string }[] }[];
    };
  };
  return {
    id: response.headers.get("x-subject-token") ?? "",
    projectId: token.project.id,
    endpoint: (type) => {
      const url = token.catalog
        .find((service) => service.type === type)
        ?.endpoints.find((endpoint) => endpoint.interface === "public")?.url;
      if (url === undefined) {
        throw new Error(`the service catalog has no ${type}`);
      }
      return url;
    },
  };
}
