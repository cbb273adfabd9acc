import { quote } from "../core/shell";
import { parseArguments } from "./arguments";
import { projectEnvironment } from "../stack/environment";
import { main } from "../core/main";
import { generateSecrets, openStack } from "../stack/stack";

const HELP = `Prints the environment in which plain pulumi commands work on this clone, for a shell:

  eval "$(make -s env)"
  pulumi preview

Makes the stack and its secrets at their first use.

Options:
  --stack NAME   the stack that those commands are about (PULUMI_STACK, or dev)
  -h, --help     this text`;

main(async () => {
  const { stack } = parseArguments(HELP);
  const environment = await projectEnvironment();
  const opened = await openStack(stack, environment);
  // First of all, since a secret that is missing is mended with it.
  for (const [name, value] of Object.entries({ ...environment, PULUMI_STACK: stack })) {
    console.log(`export ${name}=${quote(value)}`);
  }
  await generateSecrets(opened);
});
