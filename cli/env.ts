import { parseArguments } from "./arguments";
import { projectEnvironment } from "./environment";
import { main } from "./progress";

const HELP = `Prints the environment in which plain pulumi commands work on this clone.

  eval "$(make -s env)"
  pulumi preview

Options:
  -h, --help   this text`;

/** For a POSIX shell: nothing between single quotes is special but the quote. */
const quote = (value: string): string => `'${value.replaceAll("'", `'\\''`)}'`;

main(async () => {
  parseArguments(HELP);
  for (const [name, value] of Object.entries(await projectEnvironment())) {
    console.log(`export ${name}=${quote(value)}`);
  }
});
