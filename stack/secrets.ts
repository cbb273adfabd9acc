import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Stack } from "@pulumi/pulumi/automation";
import { command } from "../core/command";
import { OperatorError } from "../core/errors";
import { LOCAL } from "../core/paths";
import { isDeployed, askPulumi } from "./state";

/** Creates an Ed25519 key pair without a passphrase in `file` and `file.pub`. */
export async function makeKeyPair(file: string): Promise<void> {
  await command("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "trunkline", "-f", file]);
}

/** Path of the private SSH key that this clone generated for its operator. */
export const OPERATOR_KEY = join(LOCAL, "ssh", "id_ed25519");

async function operatorPublicKey(): Promise<string> {
  mkdirSync(join(LOCAL, "ssh"), { recursive: true, mode: 0o700 });
  if (!existsSync(OPERATOR_KEY)) {
    await makeKeyPair(OPERATOR_KEY);
  }
  // The public key is derived again, because ssh-keygen may have been killed before it wrote the public key.
  return command("ssh-keygen", ["-y", "-f", OPERATOR_KEY]);
}

/**
 * Generates the master secret and the operator's SSH key if the stack's configuration has none. Keeps configured
 * values.
 *
 * @throws OperatorError if the stack is deployed but has no master secret, so that its servers are inaccessible.
 */
export async function generateSecrets(stack: Stack): Promise<void> {
  const config = await askPulumi(() => stack.getAllConfig());
  // Pulumi returns every key that Pulumi.yaml declares. A key without a default has an empty value.
  if (!config["pbx:masterSecret"]?.value) {
    if (await isDeployed(stack)) {
      throw new OperatorError(
        `stack ${stack.name} is deployed, but Pulumi.${stack.name}.yaml has no pbx:masterSecret; a new ` +
          "secret would give no access to its servers. Restore the settings of its last update with: " +
          `pulumi config refresh --stack ${stack.name}`,
      );
    }
    // The Automation API would pass the value as an argument of a command, which every process can read.
    await command(
      "pulumi",
      ["config", "set", "--secret", "pbx:masterSecret", "--stack", stack.name, "--non-interactive"],
      { input: randomBytes(32).toString("base64url") },
    );
  }
  if (!config["pbx:sshPublicKey"]?.value) {
    await stack.setConfig("pbx:sshPublicKey", { value: await operatorPublicKey() });
  }
}
