import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import type { ConnectionOptions } from "node:tls";
import { OperatorError } from "../../core/errors";

/** How to check a server's certificate, and the client certificate to present. The names are those of Node. */
export type TlsSettings = Readonly<
  Pick<ConnectionOptions, "ca" | "cert" | "key" | "rejectUnauthorized">
>;

/** Keys of `clouds.yaml` for the files. The environment variable of a key is `OS_` and the key in capitals. */
const FILES = { ca: "cacert", cert: "cert", key: "key" } as const;

/**
 * Returns the certificate settings of the environment and of `named`, a cloud of `clouds.yaml`; undefined if
 * neither has any.
 *
 * @throws OperatorError if a file that they name cannot be read.
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

/** Boolean values as in the environment and in YAML 1.1, which other clients read. */
const isTrue = (value: unknown): boolean => /^(?:true|yes|on|1)$/i.test(String(value));
const isFalse = (value: unknown): boolean => /^(?:false|no|off|0)$/i.test(String(value));

function contentOf(name: string, path: string): string {
  try {
    return readFileSync(path.replace(/^~(?=\/)/, homedir()), "utf8");
  } catch (error) {
    throw new OperatorError(`cannot read the cloud's ${name}: ${(error as Error).message}`);
  }
}
