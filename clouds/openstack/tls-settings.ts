import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import type { ConnectionOptions } from "node:tls";
import { OperatorError } from "../../core/errors";

/** How a server's certificate is checked, and what this side shows of its own, by Node's names. */
export type TlsSettings = Readonly<
  Pick<ConnectionOptions, "ca" | "cert" | "key" | "rejectUnauthorized">
>;

/** Names that `clouds.yaml` has for files with them; in the environment, `OS_` and the name in capitals. */
const FILES = { ca: "cacert", cert: "cert", key: "key" } as const;

/**
 * What `named`, a cloud of `clouds.yaml`, and the environment say of certificates; undefined where that
 * is nothing.
 *
 * @throws OperatorError where a file that they name cannot be read.
 */
export function tlsSettings(
  named: Readonly<Record<string, unknown>>,
  env: NodeJS.ProcessEnv,
): TlsSettings | undefined {
  const files = Object.entries(FILES).flatMap(([option, name]) => {
    const path = [env[`OS_${name.toUpperCase()}`], named[name]].find(isText);
    return path === undefined ? [] : [[option, contentOf(name, path)] as const];
  });
  const takesAny = env.OS_INSECURE
    ? isTrue(env.OS_INSECURE)
    : isTrue(named.insecure) || isFalse(named.verify);
  const settings: TlsSettings = {
    ...Object.fromEntries(files),
    ...(takesAny ? { rejectUnauthorized: false } : {}),
  };
  return Object.keys(settings).length === 0 ? undefined : settings;
}

const isText = (value: unknown): value is string => typeof value === "string" && value !== "";

/** Truth as the environment has it, and YAML 1.1, which other clients read. */
const isTrue = (value: unknown): boolean => /^(?:true|yes|on|1)$/i.test(String(value));
const isFalse = (value: unknown): boolean => /^(?:false|no|off|0)$/i.test(String(value));

function contentOf(name: string, path: string): string {
  try {
    return readFileSync(path.replace(/^~(?=\/)/, homedir()), "utf8");
  } catch (error) {
    throw new OperatorError(`${name} of the cloud cannot be read: ${(error as Error).message}`);
  }
}
