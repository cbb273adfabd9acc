import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  CommandError,
  LocalWorkspace,
  type OutputMap,
  type Stack,
  StackNotFoundError,
} from "@pulumi/pulumi/automation";
import { command, Fault } from "./command";
import { LOCAL, ROOT } from "./paths";
import { stillLives } from "./process";
import { pulumiInSession } from "./pulumi-command";
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
  /** Public host key of every node, by its name. */
  readonly sshHostKeys: Readonly<Record<string, string>>;
}

/**
 * The stack `name` of this clone, made at its first use.
 *
 * @throws Fault when Pulumi cannot make or open it, as with a pass phrase that is not its own.
 */
export async function openStack(name: string, env: Record<string, string>): Promise<Stack> {
  // The Automation API looks for the CLI on the path of this very process.
  Object.assign(process.env, env);
  return askPulumi(async () => {
    const stack = await LocalWorkspace.createOrSelectStack(
      { stackName: name, workDir: ROOT },
      { envVars: env, pulumiCommand: await pulumiInSession() },
    );
    await releaseDeadLock(stack);
    return stack;
  });
}

/**
 * The stack `name` of this clone, for who only wants to know: it is left as it is.
 *
 * @throws Fault when there is none.
 */
export async function findStack(name: string, env: Record<string, string>): Promise<Stack> {
  Object.assign(process.env, env);
  const pulumiCommand = await pulumiInSession();
  return askPulumi(async () => {
    try {
      return await LocalWorkspace.selectStack(
        { stackName: name, workDir: ROOT },
        { envVars: env, pulumiCommand },
      );
    } catch (error) {
      if (!(error instanceof StackNotFoundError)) throw error;
      throw new Fault(`there is no stack ${name}; make it with: make up STACK=${name}`);
    }
  });
}

/** What `pulumi` has against a command, in its own last words. */
export function pulumiFault(error: unknown): unknown {
  if (!(error instanceof CommandError)) return error;
  const [, words = "it fails; see what pulumi stack says"] =
    /error: (.*)/.exec(error.message) ?? [];
  const remedy = words.endsWith("incorrect passphrase")
    ? "; PULUMI_CONFIG_PASSPHRASE is another one than the stacks of this clone were made with: unset it, or set the right one"
    : "";
  return new Fault(`pulumi: ${words}${remedy}`);
}

/** Returns the result of `work` with Pulumi. @throws Fault with Pulumi's own message if Pulumi fails */
export async function askPulumi<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw pulumiFault(error);
  }
}

/** What Pulumi writes into the lock of an update, where stacks are kept in files. */
interface Lock {
  readonly pid: number;
  readonly hostname: string;
  /** When it was locked. */
  readonly timestamp: string;
}

/** A lock that is being written, or has just gone, cannot be read: it is not that of a dead process. */
function isDead(file: string): boolean {
  try {
    const { pid, hostname: host, timestamp } = JSON.parse(readFileSync(file, "utf8")) as Lock;
    return host === hostname() && !stillLives(pid, Date.parse(timestamp), "pulumi");
  } catch {
    return false;
  }
}

/**
 * Takes away the lock of an update that was killed, as `pulumi cancel` would: whoever runs the same
 * command again means to go on. The lock of a process that lives, or of another machine, stays.
 */
export async function releaseDeadLock(stack: Stack): Promise<void> {
  const backend =
    stack.workspace.envVars.PULUMI_BACKEND_URL ?? process.env.PULUMI_BACKEND_URL ?? "";
  if (!backend.startsWith("file:///")) return;
  const folder = join(
    fileURLToPath(backend),
    ...[".pulumi", "locks", "organization", "pbx", stack.name],
  );
  const locks = existsSync(folder)
    ? readdirSync(folder)
        .filter((file) => file.endsWith(".json"))
        .map((file) => join(folder, file))
    : [];
  if (locks.length > 0 && locks.every(isDead)) await stack.cancel();
}

/** What is read of a stack's state: `initErrors` says that a resource is there, and not as it should be. */
export interface Deployed {
  readonly resources?: readonly {
    readonly urn: string;
    readonly type: string;
    readonly id?: string;
    readonly initErrors?: readonly string[];
  }[];
  readonly pending_operations?: readonly unknown[];
}

/** The state as `pulumi stack export` has it. @throws Fault */
export const exportedStack = (stack: Stack): Promise<Deployed> =>
  askPulumi(async () => (await stack.exportStack()).deployment as Deployed);

/** Whether there is anything of the stack in its cloud. */
const isDeployed = async (stack: Stack): Promise<boolean> =>
  ((await exportedStack(stack)).resources ?? []).some(({ type }) => !type.startsWith("pulumi:"));

/** Names of the other stacks of this program that have anything in a cloud. @throws Fault */
export async function otherDeployedStacks({ name, workspace }: Stack): Promise<string[]> {
  const stacks = await askPulumi(() => workspace.listStacks());
  return stacks
    .filter((other) => other.name !== name && (other.resourceCount ?? 0) > 0)
    .map((other) => other.name);
}

/** The private half of the key that this clone made for its operator. */
export const OPERATOR_KEY = join(LOCAL, "ssh", "id_ed25519");

async function operatorPublicKey(): Promise<string> {
  mkdirSync(join(LOCAL, "ssh"), { recursive: true, mode: 0o700 });
  if (!existsSync(OPERATOR_KEY)) {
    await makeKeyPair(OPERATOR_KEY);
  }
  // From the private half: whoever made the pair may have been killed before it wrote the other one.
  return command("ssh-keygen", ["-y", "-f", OPERATOR_KEY]);
}

/**
 * Gives the stack the secrets that it has no default for. What is configured stays as it is.
 *
 * @throws Fault when the stack has servers, and none of the secret that they know it by.
 */
export async function generateSecrets(stack: Stack): Promise<void> {
  const config = await askPulumi(() => stack.getAllConfig());
  // Pulumi.yaml declares every key; one without a default is there with an empty value.
  if (!config["pbx:masterSecret"]?.value) {
    if (await isDeployed(stack)) {
      throw new Fault(
        `stack ${stack.name} is deployed, and Pulumi.${stack.name}.yaml has no pbx:masterSecret any more; a ` +
          "new one would lock it out of its own servers. Bring the settings of its last update back: " +
          `pulumi config refresh --stack ${stack.name}`,
      );
    }
    // Not by the Automation API, which hands values over where every process can read them.
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
    sshHostKeys: value("sshHostKeys") as ExchangeOutputs["sshHostKeys"],
  };
}
