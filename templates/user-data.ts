import { createRequire } from "node:module";
import { gzipSync } from "node:zlib";
import type YAML from "yaml";
import type { NodeFile } from "./node-file";

const load = createRequire(__filename);

/** What a server is told at its first boot, and what it needs to come up in service. */
export interface UserDataContext {
  readonly hostname: string;
  readonly sshHostKey: { readonly privateKey: string; readonly publicKey: string };
  readonly files: readonly NodeFile[];
}

/** Bytes of base64 that Nova takes (`user_data` of "Create Server" in the Compute API). */
export const USER_DATA_LIMIT = 65_535;

/** The cloud-config of a node, as cloud-init reads it. */
export function renderCloudConfig({ hostname, sshHostKey, files }: UserDataContext): string {
  const config = {
    hostname,
    ssh_deletekeys: true,
    ssh_keys: {
      ed25519_private: sshHostKey.privateKey,
      ed25519_public: sshHostKey.publicKey,
    },
    write_files: files.map(({ path, content, owner, mode }) => ({
      path,
      owner,
      permissions: mode,
      content,
    })),
  };
  // Loaded here, since a first preview, where no address is known yet, renders no user data.
  const { stringify } = load("yaml") as typeof YAML;
  // No line folding and no anchors: what is written is what is read.
  return `#cloud-config\n${stringify(config, { lineWidth: 0, aliasDuplicateObjects: false })}`;
}

/**
 * User data as Nova takes it, in base64. cloud-init recognises gzip by itself; the smaller of the
 * two forms is taken.
 */
export function renderUserData(context: UserDataContext): string {
  const plain = Buffer.from(renderCloudConfig(context));
  const zipped = gzipSync(plain);
  return (zipped.length < plain.length ? zipped : plain).toString("base64");
}
