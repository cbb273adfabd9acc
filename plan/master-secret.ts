import { sshHostKeySeed } from "./secrets";
import { sshHostKey } from "./ssh-host-key";

/**
 * Returns why `masterSecret` does not fit a deployed stack; undefined if it fits. Servers keep their host
 * keys, and accept only the access key that is derived from the same secret.
 *
 * @param lastHostKeys public host key of every node by its name, from the outputs of the stack's last update.
 */
export function masterSecretFault(
  masterSecret: string,
  lastHostKeys: Readonly<Record<string, string>> = {},
): string | undefined {
  // All host keys are derived from one secret, so checking one key is enough.
  const [node, key] = Object.entries(lastHostKeys)[0] ?? [];
  return node === undefined ||
    sshHostKey(sshHostKeySeed(masterSecret, node), node).publicKey === key
    ? undefined
    : "pbx:masterSecret differs from the secret that this stack was deployed with, and its servers accept no " +
        "other; nothing was changed. Restore the old secret (pulumi config refresh restores the settings of " +
        "the last update), or deploy a second stack with the new secret";
}
