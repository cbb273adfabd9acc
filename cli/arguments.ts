import { parseArgs, type ParseArgsConfig } from "node:util";
import { OperatorError } from "../core/errors";

/** Stack that `eval "$(make -s env)"` sets in a shell. Plain pulumi uses this variable as well. */
const { PULUMI_STACK = "" } = process.env;

/** Options that all programs accept. */
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
 * @param own options of the program in addition to the common options.
 * @throws OperatorError
 */
export function parseArguments<Own extends Options = typeof COMMON>(
  help: string,
  own?: Own,
): Values<Own> {
  return parseCommandLine(() => ({ help, operands: [] }), own).values;
}

/** Help text and operands of a command. */
export interface CommandForm {
  readonly help: string;
  /** Names of the operands, including the command itself. */
  readonly operands: readonly string[];
}

/**
 * Parses the command line of a program with commands, as {@link parseArguments} does.
 *
 * @param formOf returns the form of the command with the given name, which is the first operand.
 * @throws OperatorError
 */
export function parseCommandLine<Own extends Options = typeof COMMON>(
  formOf: (command: string | undefined) => CommandForm,
  own?: Own,
): { readonly values: Values<Own>; readonly operands: readonly string[] } {
  let parsed;
  try {
    parsed = parseArgs({ options: { ...COMMON, ...own }, allowPositionals: true });
  } catch (error) {
    // After the first sentence, Node's message is for programmers only.
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
