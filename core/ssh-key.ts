import { command } from "./command";

/** Makes an Ed25519 key pair without a pass phrase: `file`, and `file`.pub beside it. */
export async function makeKeyPair(file: string): Promise<void> {
  await command("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "trunkline", "-f", file]);
}
