import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { parseDocument } from "yaml";
import { OperatorError } from "../../core/errors";
import { type TlsSettings, tlsSettings } from "./tls-settings";

export interface OpenStackSettings {
  /** Values by the keys that `auth` has in `clouds.yaml`, such as `auth_url` and `password`. */
  readonly auth: Readonly<Record<string, string>>;
  readonly region: string | undefined;
  /** Interface whose endpoints in the catalog are used: `public`, `internal` or `admin`. */
  readonly endpoint: string;
  /** TLS settings; undefined for the defaults of `fetch`. */
  readonly tls?: TlsSettings | undefined;
}

/** Keys of `auth` that the environment can set. The variable of a key is `OS_` and the key in capitals. */
const AUTH = [
  "auth_url",
  "token",
  "username",
  "user_id",
  "password",
  "application_credential_id",
  "application_credential_name",
  "application_credential_secret",
  "project_id",
  "project_name",
  "domain_id",
  "domain_name",
  "user_domain_id",
  "user_domain_name",
  "project_domain_id",
  "project_domain_name",
];

type Cloud = Readonly<Record<string, unknown>> & {
  readonly auth?: Readonly<Record<string, unknown>>;
};

/**
 * Returns the settings of the cloud that the environment names. Reads variables and files of OpenStack clients.
 * Variables override files.
 *
 * @throws OperatorError if the environment names no cloud, or if the settings of the cloud cannot be read.
 */
export function cloudSettings(env: NodeJS.ProcessEnv = process.env): OpenStackSettings {
  const named = env.OS_CLOUD === undefined || env.OS_CLOUD === "" ? {} : ofFile(env.OS_CLOUD, env);
  const own = AUTH.map((name) => [name, env[`OS_${name.toUpperCase()}`]] as const);
  const auth = {
    ...(named.auth ?? {}),
    ...Object.fromEntries(own.filter(([, value]) => value !== undefined && value !== "")),
  };
  if (auth.auth_url === undefined) {
    throw new OperatorError(
      "no cloud is configured; set OS_CLOUD to a cloud in clouds.yaml, or set OS_AUTH_URL",
    );
  }
  const text = (value: unknown): string | undefined =>
    typeof value === "string" && value !== "" ? value : undefined;
  return {
    auth: Object.fromEntries(Object.entries(auth).map(([key, value]) => [key, String(value)])),
    region: text(env.OS_REGION_NAME) ?? text(named.region_name),
    endpoint: (text(env.OS_INTERFACE) ?? text(named.interface) ?? "public").replace(/URL$/, ""),
    tls: tlsSettings(named, env),
  };
}

function ofFile(name: string, env: NodeJS.ProcessEnv): Cloud {
  const places = placesOf("clouds.yaml", env.OS_CLIENT_CONFIG_FILE);
  const file = places.find(existsSync);
  if (file === undefined) {
    throw new OperatorError(
      `no clouds.yaml found for OS_CLOUD ${name}; searched ${places.join(", ")}`,
    );
  }
  const cloud = cloudsOf(file)[name];
  if (!cloud) throw new OperatorError(`${file} has no cloud ${name}; check OS_CLOUD`);
  // secure.yaml, which may contain the passwords, overrides clouds.yaml.
  const secureFile = placesOf("secure.yaml", env.OS_CLIENT_SECURE_FILE).find(existsSync);
  const secure = (secureFile === undefined ? undefined : cloudsOf(secureFile)[name]) ?? {};
  return { ...cloud, ...secure, auth: { ...cloud.auth, ...secure.auth } };
}

const placesOf = (file: string, given: string | undefined): string[] => [
  ...(given ? [given] : []),
  file,
  join(homedir(), ".config", "openstack", file),
  join("/etc/openstack", file),
];

/** Returns the clouds in a file, by name. @throws OperatorError if the file is not valid YAML or cannot be read */
function cloudsOf(file: string): Readonly<Record<string, Cloud | null | undefined>> {
  const document = parseDocument(contentOf(file));
  const [error] = document.errors;
  // The parser's message quotes the line, which may contain a password. So the message is omitted.
  if (error !== undefined) {
    throw new OperatorError(
      `${file} is not valid YAML: ${error.code} in line ${String(error.linePos?.[0].line)}`,
    );
  }
  const { clouds } = (document.toJS() ?? {}) as { clouds?: Readonly<Record<string, Cloud>> | null };
  return clouds ?? {};
}

function contentOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new OperatorError(`${file} cannot be read: ${(error as Error).message}`);
  }
}
