import { command } from "./command";

/** Creates an Ed25519 key pair without a passphrase in `file` and `file`.pub. */
export async function makeKeyPair(file: string): Promise<void> {
  await command("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "trunkline", "-f", file]);
}
