import { parseArgs, type ParseArgsConfig } from "node:util";
import { OperatorError } from "../core/errors";

/** Stack that `eval "$(make -s env)"` sets in a shell. Plain pulumi uses this variable as well. */
const { PULUMI_STACK = "" } = process.env;

/** Options that all commands accept. */
const COMMON = {
  stack: { type: "string", default: PULUMI_STACK === "" ? "dev" : PULUMI_STACK },
  help: { type: "boolean", short: "h", default: false },
} as const;

type Options = NonNullable<ParseArgsConfig["options"]>;
type Values<Own extends Options> = ReturnType<
  typeof parseArgs<{ options: typeof COMMON & Own }>
>["values"];

/**
 * Parses the command line. Prints `help` and exits if `--help` is given.
 *
 * @param own options in addition to the common options.
 * @throws OperatorError if an option is unknown or lacks its value, or if there is an operand.
 */
export function parseArguments<Own extends Options = typeof COMMON>(
  help: string,
  own?: Own,
): Values<Own> {
  return parseCommandLine(() => ({ help, operands: [] }), own).values;
}

export interface CommandForm {
  readonly help: string;
  /** Names of the operands for error messages. The first operand is the command itself. */
  readonly operands: readonly string[];
}

/**
 * Parses a command line whose first operand is the name of a command. Prints the help of the command and exits if
 * `--help` is given.
 *
 * @param formOf returns the form of a command. The name of the command is undefined if there is no operand.
 * @throws OperatorError if an option is unknown or lacks its value, or if an operand is missing or surplus.
 */
export function parseCommandLine<Own extends Options = typeof COMMON>(
  formOf: (command: string | undefined) => CommandForm,
  own?: Own,
): { readonly values: Values<Own>; readonly operands: readonly string[] } {
  let parsed;
  try {
    parsed = parseArgs({ options: { ...COMMON, ...own }, allowPositionals: true });
  } catch (error) {
    // Only the first sentence of the message from Node.js is useful to operators.
    const [fault = ""] = (error as Error).message.split(". ");
    throw new OperatorError(`${fault}; see --help`);
  }
  const { values, positionals } = parsed;
  const { help, operands } = formOf(positionals[0]);
  if (values.help) {
    console.log(help);
    process.exit(0);
  }
  const [missing] = operands.slice(positionals.length);
  if (missing !== undefined) throw new OperatorError(`${missing} is missing; see --help`);
  const [surplus] = positionals.slice(operands.length);
  if (surplus !== undefined) throw new OperatorError(`unexpected argument ${surplus}; see --help`);
  return { values: values as unknown as Values<Own>, operands: positionals };
}
