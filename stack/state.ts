import { CommandError, type Stack } from "@pulumi/pulumi/automation";
import { OperatorError } from "../core/errors";

/**
 * Converts the error of a `pulumi` command to an OperatorError with Pulumi's message. Returns other errors unchanged.
 */
export function pulumiFault(error: unknown): unknown {
  if (!(error instanceof CommandError)) return error;
  const [, words = "the command failed; run pulumi stack to see why"] =
    /error: (.*)/.exec(error.message) ?? [];
  const remedy = words.endsWith("incorrect passphrase")
    ? "; PULUMI_CONFIG_PASSPHRASE is not the passphrase of the stacks of this clone: unset it, or set the right one"
    : "";
  return new OperatorError(`pulumi: ${words}${remedy}`);
}

/**
 * Runs `work`, which calls Pulumi, and returns the result.
 *
 * @throws OperatorError with Pulumi's message if Pulumi fails
 */
export async function askPulumi<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw pulumiFault(error);
  }
}

/** Parts of a stack's state that this project reads. A resource with `initErrors` exists but is incomplete. */
export interface StackState {
  readonly resources?: readonly {
    readonly urn: string;
    readonly type: string;
    readonly id?: string;
    readonly initErrors?: readonly string[];
  }[];
  readonly pending_operations?: readonly unknown[];
}

/**
 * Returns the state of a stack, as `pulumi stack export` does.
 *
 * @throws OperatorError if Pulumi cannot read the state
 */
export const exportedStack = (stack: Stack): Promise<StackState> =>
  askPulumi(async () => (await stack.exportStack()).deployment as StackState);

/** Returns whether the stack has resources other than the stack itself and Pulumi's providers. */
export const isDeployed = async (stack: Stack): Promise<boolean> =>
  ((await exportedStack(stack)).resources ?? []).some(({ type }) => !type.startsWith("pulumi:"));

/** Returns the names of the other stacks of this project that have resources. @throws OperatorError */
export async function otherDeployedStacks({ name, workspace }: Stack): Promise<string[]> {
  const stacks = await askPulumi(() => workspace.listStacks());
  return stacks
    .filter((other) => other.name !== name && (other.resourceCount ?? 0) > 0)
    .map((other) => other.name);
}
