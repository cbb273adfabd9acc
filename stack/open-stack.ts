import { LocalWorkspace, type Stack, StackNotFoundError } from "@pulumi/pulumi/automation";
import { OperatorError } from "../core/errors";
import { ROOT } from "../core/paths";
import { releaseDeadLock } from "./lock";
import { pulumiInSession } from "./pulumi-command";
import { askPulumi } from "./state";

/**
 * Selects the stack `name` of this clone, or creates it. Removes the lock of a killed update.
 *
 * @param env variables to set in this process and for Pulumi.
 * @throws OperatorError if Pulumi cannot create or open the stack, for example with a wrong passphrase.
 */
export async function openStack(name: string, env: Record<string, string>): Promise<Stack> {
  // The Automation API looks for Pulumi's CLI on the PATH of this process.
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
 * Selects the existing stack `name` of this clone; never creates one.
 *
 * @param env variables to set in this process and for Pulumi.
 * @throws OperatorError if the stack does not exist, or if Pulumi cannot open it.
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
      throw new OperatorError(`there is no stack ${name}; create it with: make up STACK=${name}`);
    }
  });
}
