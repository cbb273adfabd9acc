import { sshHostKeySeed } from "./secrets";
import { sshHostKey } from "./ssh-host-key";

/**
 * Why a deployed stack cannot do with `masterSecret`; undefined where it can. Its servers have their
 * host keys for life, and let nobody in but who has the key that comes with them.
 *
 * @param lastHostKeys public host key of every node, by its name, as the stack's last update put it out.
 */
export function masterSecretFault(
  masterSecret: string,
  lastHostKeys: Readonly<Record<string, string>> = {},
): string | undefined {
  // All of them come from the one secret, so that any of them tells.
  const [node, key] = Object.entries(lastHostKeys)[0] ?? [];
  return node === undefined ||
    sshHostKey(sshHostKeySeed(masterSecret, node), node).publicKey === key
    ? undefined
    : "pbx:masterSecret is another one than this stack was deployed with, and its servers know no other; " +
        "nothing was changed. Set the former one again (pulumi config refresh brings back the settings of " +
        "the last update), or deploy a second stack with the new one";
}
