import { createRequire } from "node:module";
import { gzipSync } from "node:zlib";
import type YAML from "yaml";
import type { NodeFile } from "./node-file";

const load = createRequire(__filename);

/** Values that user data delivers to a server at its first boot. */
export interface UserDataContext {
  readonly hostname: string;
  readonly sshHostKey: { readonly privateKey: string; readonly publicKey: string };
  readonly files: readonly NodeFile[];
}

/** Maximum number of bytes of user data in base64 in Nova (`user_data` of "Create Server" in the Compute API). */
export const USER_DATA_LIMIT = 65_535;

/** Renders the cloud-config of a node for cloud-init. */
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
  // Loaded only here, because the first preview for OpenStack knows no addresses and renders no user data.
  const { stringify } = load("yaml") as typeof YAML;
  // No line folding and no anchors, so that cloud-init reads exactly the given text.
  return `#cloud-config\n${stringify(config, { lineWidth: 0, aliasDuplicateObjects: false })}`;
}

/**
 * Renders user data in base64. The data is plain or compressed with gzip, whichever is smaller.
 */
export function renderUserData(context: UserDataContext): string {
  const plain = Buffer.from(renderCloudConfig(context));
  const zipped = gzipSync(plain);
  return (zipped.length < plain.length ? zipped : plain).toString("base64");
}
