import { PulumiCommand } from "@pulumi/pulumi/automation";

/** Members of the Automation API's PulumiCommand that this file replaces. `run` is not public. */
interface Runner {
  command: string;
  run: (args: readonly string[], ...rest: readonly unknown[]) => Promise<unknown>;
}

/**
 * Returns a PulumiCommand that runs Pulumi in a separate session (`setsid`). A signal from the terminal, such
 * as Ctrl-C or a hang-up, then reaches only this process, which forwards it to Pulumi once. On a second signal,
 * Pulumi exits immediately, and the stack's state does not record the resources that Pulumi was creating.
 */
export async function pulumiInSession(): Promise<PulumiCommand> {
  const pulumi = await PulumiCommand.get();
  const runner = pulumi as unknown as Runner;
  const { command } = runner;
  const run = runner.run.bind(runner);
  runner.command = "setsid";
  runner.run = (args, ...rest) => run([command, ...args], ...rest);
  return pulumi;
}
