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
import { OperatorError } from "../core/errors";
import { command } from "../core/command";
import { LOCAL, ROOT } from "../core/paths";
import { isProcessAlive } from "../core/process";
import { pulumiInSession } from "./pulumi-command";
import { makeKeyPair } from "../core/ssh-key";

/** Outputs of a stack that other programs may use. */
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
  /** Public host key of each node, by name of the node. */
  readonly sshHostKeys: Readonly<Record<string, string>>;
}

/**
 * Selects the stack `name` of this clone, or creates it.
 *
 * @throws OperatorError if Pulumi cannot create or open the stack, for example with a wrong passphrase.
 */
export async function openStack(name: string, env: Record<string, string>): Promise<Stack> {
  // The Automation API looks for the CLI on the PATH of the current process.
  Object.assign(process.env, env);
  try {
    const stack = await LocalWorkspace.createOrSelectStack(
      { stackName: name, workDir: ROOT },
      { envVars: env, pulumiCommand: await pulumiInSession() },
    );
    await releaseDeadLock(stack);
    return stack;
  } catch (error) {
    throw pulumiFault(error);
  }
}

/**
 * Selects the existing stack `name` of this clone; never creates one.
 *
 * @throws OperatorError if the stack does not exist.
 */
export async function findStack(name: string, env: Record<string, string>): Promise<Stack> {
  Object.assign(process.env, env);
  const pulumiCommand = await pulumiInSession();
  return readStack(async () => {
    try {
      return await LocalWorkspace.selectStack(
        { stackName: name, workDir: ROOT },
        { envVars: env, pulumiCommand },
      );
    } catch (error) {
      if (!(error instanceof StackNotFoundError)) throw error;
      throw new OperatorError(`there is no stack ${name}; create it with: make up STACK=${name}`);
    }
  });
}

/** Turns an error of a `pulumi` command into an OperatorError with Pulumi's message. Keeps other errors as they are. */
export function pulumiFault(error: unknown): unknown {
  if (!(error instanceof CommandError)) return error;
  const [, words = "the command failed; run pulumi stack to see why"] =
    /error: (.*)/.exec(error.message) ?? [];
  const remedy = words.endsWith("incorrect passphrase")
    ? "; PULUMI_CONFIG_PASSPHRASE is not the passphrase of the stacks of this clone: unset it, or set the right one"
    : "";
  return new OperatorError(`pulumi: ${words}${remedy}`);
}

/** Runs `read`, which reads from a stack, and returns its result. @throws OperatorError with Pulumi's message */
export async function readStack<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    throw pulumiFault(error);
  }
}

/** Content of the lock file of an update in a `file:` backend. */
interface Lock {
  readonly pid: number;
  readonly hostname: string;
  /** Time at which Pulumi took the lock. */
  readonly timestamp: string;
}

/** Returns whether a lock belongs to a dead process. An unreadable lock is being written or removed: not dead. */
function isDead(file: string): boolean {
  try {
    const { pid, hostname: host, timestamp } = JSON.parse(readFileSync(file, "utf8")) as Lock;
    return host === hostname() && !isProcessAlive(pid, Date.parse(timestamp), "pulumi");
  } catch {
    return false;
  }
}

/**
 * Removes the lock of a killed update, as `pulumi cancel` does, so that the same command can run again. Keeps
 * the lock of a running process and the lock of another machine.
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

/** The parts of a stack's state that are used here. A resource with `initErrors` exists but is incomplete. */
export interface StackState {
  readonly resources?: readonly {
    readonly urn: string;
    readonly type: string;
    readonly id?: string;
    readonly initErrors?: readonly string[];
  }[];
  readonly pending_operations?: readonly unknown[];
}

/** Returns the state of a stack, as `pulumi stack export` does. @throws OperatorError */
export const exportedStack = (stack: Stack): Promise<StackState> =>
  readStack(async () => (await stack.exportStack()).deployment as StackState);

/** Returns whether the stack has any resources in its cloud. */
const isDeployed = async (stack: Stack): Promise<boolean> =>
  ((await exportedStack(stack)).resources ?? []).some(({ type }) => !type.startsWith("pulumi:"));

/** Returns the names of the other stacks of this program that have resources. @throws OperatorError */
export async function otherDeployedStacks({ name, workspace }: Stack): Promise<string[]> {
  const stacks = await readStack(() => workspace.listStacks());
  return stacks
    .filter((other) => other.name !== name && (other.resourceCount ?? 0) > 0)
    .map((other) => other.name);
}

/** Path of the private SSH key that this clone generated for its operator. */
export const OPERATOR_KEY = join(LOCAL, "ssh", "id_ed25519");

async function operatorPublicKey(): Promise<string> {
  mkdirSync(join(LOCAL, "ssh"), { recursive: true, mode: 0o700 });
  if (!existsSync(OPERATOR_KEY)) {
    await makeKeyPair(OPERATOR_KEY);
  }
  // Derived from the private key: ssh-keygen may have been killed before it wrote the public key.
  return command("ssh-keygen", ["-y", "-f", OPERATOR_KEY]);
}

/**
 * Generates the required secrets that the stack's configuration does not have. Keeps configured values.
 *
 * @throws OperatorError if the stack is deployed but has no master secret, so that its servers are inaccessible.
 */
export async function generateSecrets(stack: Stack): Promise<void> {
  const config = await readStack(() => stack.getAllConfig());
  // Pulumi.yaml declares every key. A key without a default has an empty value.
  if (!config["pbx:masterSecret"]?.value) {
    if (await isDeployed(stack)) {
      throw new OperatorError(
        `stack ${stack.name} is deployed, but Pulumi.${stack.name}.yaml has no pbx:masterSecret; a new ` +
          "secret would give no access to its servers. Restore the settings of its last update with: " +
          `pulumi config refresh --stack ${stack.name}`,
      );
    }
    // Not through the Automation API, which passes values where every process can read them.
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

/** Returns the outputs of a stack. @throws OperatorError if the stack was never fully deployed */
export function exchangeOutputs(outputs: OutputMap): ExchangeOutputs {
  const value = (name: string): unknown => {
    const output = outputs[name];
    if (output === undefined) {
      throw new OperatorError(`the stack has no output ${name}; deploy it with: make up`);
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
