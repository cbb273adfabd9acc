import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import type { ConnectionOptions } from "node:tls";
import { OperatorError } from "../../core/errors";

/** Settings to check a server's certificate and to present a client certificate. The names are those of `node:tls`. */
export type TlsSettings = Readonly<
  Pick<ConnectionOptions, "ca" | "cert" | "key" | "rejectUnauthorized">
>;

/**
 * Keys of `clouds.yaml` that name files, by the setting that a file provides. The environment variable of a key is
 * `OS_` and the key in capitals.
 */
const FILES = { ca: "cacert", cert: "cert", key: "key" } as const;

/**
 * Returns the TLS settings in the environment and in `clouds.yaml`; undefined if there are none. The environment
 * overrides `clouds.yaml`.
 *
 * @param named settings of the cloud in `clouds.yaml`.
 * @throws OperatorError if a certificate or key file cannot be read.
 */
export function tlsSettings(
  named: Readonly<Record<string, unknown>>,
  env: NodeJS.ProcessEnv,
): TlsSettings | undefined {
  const files = Object.entries(FILES).flatMap(([option, name]) => {
    const path = [env[`OS_${name.toUpperCase()}`], named[name]].find(isText);
    return path === undefined ? [] : [[option, contentOf(name, path)] as const];
  });
  const acceptsAny = env.OS_INSECURE
    ? isTrue(env.OS_INSECURE)
    : isTrue(named.insecure) || isFalse(named.verify);
  const settings: TlsSettings = {
    ...Object.fromEntries(files),
    ...(acceptsAny ? { rejectUnauthorized: false } : {}),
  };
  return Object.keys(settings).length === 0 ? undefined : settings;
}

const isText = (value: unknown): value is string => typeof value === "string" && value !== "";

// Other OpenStack clients accept these words as booleans, in the environment and in `clouds.yaml` (YAML 1.1).
const isTrue = (value: unknown): boolean => /^(?:true|yes|on|1)$/i.test(String(value));
const isFalse = (value: unknown): boolean => /^(?:false|no|off|0)$/i.test(String(value));

function contentOf(name: string, path: string): string {
  try {
    return readFileSync(path.replace(/^~(?=\/)/, homedir()), "utf8");
  } catch (error) {
    throw new OperatorError(`cannot read the cloud's ${name}: ${(error as Error).message}`);
  }
}
