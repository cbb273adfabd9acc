import { PulumiCommand } from "@pulumi/pulumi/automation";

/** What the Automation API keeps to itself of a PulumiCommand. */
interface Runner {
  command: string;
  run: (args: readonly string[], ...rest: readonly unknown[]) => Promise<unknown>;
}

/**
 * Pulumi in a session of its own. What a terminal sends to all that it runs, Ctrl-C or its own end,
 * then reaches this process alone, which passes it on once: at a second one, Pulumi ends at once, and
 * its state does not tell what was being made.
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
