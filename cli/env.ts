import { main } from "../core/main";
import { quote } from "../core/text";
import { projectEnvironment } from "../stack/environment";
import { openStack } from "../stack/open-stack";
import { generateSecrets } from "../stack/secrets";
import { parseArguments } from "./arguments";

const HELP = `Prints shell commands that set the environment for plain pulumi commands in this clone:

  eval "$(make -s env)"
  pulumi preview

Creates the stack and its secrets at first use.

Options:
  --stack NAME   the stack to select (default: PULUMI_STACK, or dev)
  -h, --help     print this text`;

main(async () => {
  const { stack } = parseArguments(HELP);
  const environment = await projectEnvironment();
  const opened = await openStack(stack, environment);
  // Printed before generateSecrets: if that fails, the operator needs this environment to restore the missing secret.
  for (const [name, value] of Object.entries({ ...environment, PULUMI_STACK: stack })) {
    console.log(`export ${name}=${quote(value)}`);
  }
  await generateSecrets(opened);
});
