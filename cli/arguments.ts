import { parseArgs, type ParseArgsConfig } from "node:util";
import { Fault } from "./command";

/** What every one of these programs takes. */
const COMMON = {
  stack: { type: "string", default: "dev" },
  help: { type: "boolean", short: "h", default: false },
} as const;

type Options = NonNullable<ParseArgsConfig["options"]>;
type Values<Own extends Options> = ReturnType<
  typeof parseArgs<{ options: typeof COMMON & Own }>
>["values"];

/**
 * Parses the command line; prints `help` and ends where it is asked for.
 *
 * @param own options of the program beside the common ones.
 * @throws Fault
 */
export function parseArguments<Own extends Options = typeof COMMON>(
  help: string,
  own?: Own,
): Values<Own> {
  return parseCommandLine(() => ({ help, operands: 0 }), own).values;
}

/** What a command says of itself. */
export interface CommandForm {
  readonly help: string;
  /** How many words there are beside options, the command's own name among them. */
  readonly operands: number;
}

/**
 * As {@link parseArguments}, for a program with commands.
 *
 * @param formOf the form of the command that the first word names.
 * @throws Fault
 */
export function parseCommandLine<Own extends Options = typeof COMMON>(
  formOf: (command: string | undefined) => CommandForm,
  own?: Own,
): { readonly values: Values<Own>; readonly operands: readonly string[] } {
  let parsed;
  try {
    parsed = parseArgs({ options: { ...COMMON, ...own }, allowPositionals: true });
  } catch (error) {
    throw new Fault(`${(error as Error).message}; see --help`);
  }
  const { values, positionals } = parsed;
  const { help, operands } = formOf(positionals[0]);
  if (values.help) {
    console.log(help);
    process.exit(0);
  }
  if (positionals.length !== operands) {
    const surplus = positionals[operands];
    throw new Fault(
      surplus === undefined
        ? "an argument is missing; see --help"
        : `what is ${surplus}? See --help`,
    );
  }
  return { values: values as unknown as Values<Own>, operands: positionals };
}
