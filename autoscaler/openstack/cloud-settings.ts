import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { parse } from "yaml";
import { Fault } from "../../cli/command";

/** How to log in to a cloud, by the names that `clouds.yaml` and, in capitals, the environment use. */
export interface CloudSettings {
  readonly auth: Readonly<Record<string, string>>;
  readonly region: string | undefined;
  /** Whose addresses to take from the catalog: `public`, `internal` or `admin`. */
  readonly endpoint: string;
}

/** What may be in `auth`; in the environment, `OS_` and the name in capitals. */
const AUTH = [
  ...["auth_url", "token", "username", "user_id", "password"],
  ...["application_credential_id", "application_credential_name", "application_credential_secret"],
  ...["project_id", "project_name", "domain_id", "domain_name"],
  ...["user_domain_id", "user_domain_name", "project_domain_id", "project_domain_name"],
];

type Cloud = Readonly<Record<string, unknown>> & {
  readonly auth?: Readonly<Record<string, unknown>>;
};

/** The cloud that the environment names, as every OpenStack client finds it. @throws Fault */
export function cloudSettings(env: NodeJS.ProcessEnv = process.env): CloudSettings {
  const named = env.OS_CLOUD === undefined || env.OS_CLOUD === "" ? {} : ofFile(env.OS_CLOUD, env);
  const own = AUTH.map((name) => [name, env[`OS_${name.toUpperCase()}`]] as const);
  const auth = {
    ...(named.auth ?? {}),
    ...Object.fromEntries(own.filter(([, value]) => value !== undefined && value !== "")),
  };
  if (auth.auth_url === undefined) {
    throw new Fault("no cloud is named; set OS_CLOUD to one of clouds.yaml, or OS_AUTH_URL");
  }
  const text = (value: unknown): string | undefined =>
    typeof value === "string" && value !== "" ? value : undefined;
  return {
    auth: Object.fromEntries(Object.entries(auth).map(([key, value]) => [key, String(value)])),
    region: text(env.OS_REGION_NAME) ?? text(named.region_name),
    endpoint: (text(env.OS_INTERFACE) ?? text(named.interface) ?? "public").replace(/URL$/, ""),
  };
}

function ofFile(name: string, env: NodeJS.ProcessEnv): Cloud {
  const places = [
    ...(env.OS_CLIENT_CONFIG_FILE ? [env.OS_CLIENT_CONFIG_FILE] : []),
    "clouds.yaml",
    join(homedir(), ".config", "openstack", "clouds.yaml"),
    "/etc/openstack/clouds.yaml",
  ];
  const file = places.find(existsSync);
  if (file === undefined) {
    throw new Fault(`there is no clouds.yaml with ${name}; looked for ${places.join(", ")}`);
  }
  const cloud = cloudsOf(file)[name];
  if (cloud === undefined) throw new Fault(`${file} has no cloud ${name}; see OS_CLOUD`);
  return cloud;
}

/** @throws Fault */
function cloudsOf(file: string): Readonly<Record<string, Cloud>> {
  try {
    const content = parse(readFileSync(file, "utf8")) as { clouds?: Record<string, Cloud> } | null;
    return content?.clouds ?? {};
  } catch (error) {
    throw new Fault(`${file} cannot be read: ${(error as Error).message}`);
  }
}
