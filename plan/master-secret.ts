import { sshHostKeySeed } from "./derived-secrets";
import { sshHostKey } from "./ssh-host-key";

/**
 * Returns why `masterSecret` does not fit a deployed stack; undefined if the secret fits or nothing is deployed. A
 * server keeps its host key and accepts one access key of the stack. Both keys are derived from the secret with which
 * the server was deployed.
 *
 * @param lastHostKeys public host key of every node by its name, from the outputs of the stack's last successful
 *   update.
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
