import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { LocalWorkspace, type OutputMap, type Stack } from "@pulumi/pulumi/automation";
import { Fault } from "./command";
import { LOCAL, ROOT } from "./paths";
import { makeKeyPair } from "./ssh-key";

/** The stack's outputs that others may rely on. */
export interface ExchangeOutputs {
  readonly controllerAddress: string;
  readonly zones: readonly {
    readonly name: string;
    readonly address: string;
    readonly fixedIp: string;
  }[];
  readonly sipAccounts: readonly {
    readonly extension: string;
    readonly secret: string;
    readonly server: string;
    readonly transport: string;
  }[];
}

/** The stack `name` of this clone, made at its first use. */
export async function openStack(name: string, env: Record<string, string>): Promise<Stack> {
  // The Automation API looks for the CLI on the path of this very process.
  Object.assign(process.env, env);
  return LocalWorkspace.createOrSelectStack({ stackName: name, workDir: ROOT }, { envVars: env });
}

/** The private half of the key that this clone made for its operator. */
export const OPERATOR_KEY = join(LOCAL, "ssh", "id_ed25519");

async function operatorPublicKey(): Promise<string> {
  mkdirSync(join(LOCAL, "ssh"), { recursive: true, mode: 0o700 });
  if (!existsSync(`${OPERATOR_KEY}.pub`)) {
    await makeKeyPair(OPERATOR_KEY);
  }
  return readFileSync(`${OPERATOR_KEY}.pub`, "utf8").trim();
}

/** Gives the stack the secrets that it has no default for. What is configured stays as it is. */
export async function generateSecrets(stack: Stack): Promise<void> {
  const config = await stack.getAllConfig();
  // Pulumi.yaml declares every key; one without a default is there with an empty value.
  if (!config["pbx:masterSecret"]?.value) {
    const value = randomBytes(32).toString("base64url");
    await stack.setConfig("pbx:masterSecret", { value, secret: true });
  }
  if (!config["pbx:sshPublicKey"]?.value) {
    await stack.setConfig("pbx:sshPublicKey", { value: await operatorPublicKey() });
  }
}

/** @throws Fault when the stack was never deployed to its end. */
export function exchangeOutputs(outputs: OutputMap): ExchangeOutputs {
  const value = (name: string): unknown => {
    const output = outputs[name];
    if (output === undefined) {
      throw new Fault(`the stack has no output ${name}; deploy it with: make up`);
    }
    return output.value;
  };
  return {
    controllerAddress: value("controllerAddress") as string,
    zones: value("zones") as ExchangeOutputs["zones"],
    sipAccounts: value("sipAccounts") as ExchangeOutputs["sipAccounts"],
  };
}
