import { parseArgs, type ParseArgsConfig } from "node:util";
import { OperatorError } from "../core/errors";

/** The stack of a shell with `eval "$(make -s env)"`, which plain pulumi heeds as well. */
const { PULUMI_STACK = "" } = process.env;

/** What every one of these programs takes. */
const COMMON = {
  stack: { type: "string", default: PULUMI_STACK === "" ? "dev" : PULUMI_STACK },
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
 * @throws OperatorError
 */
export function parseArguments<Own extends Options = typeof COMMON>(
  help: string,
  own?: Own,
): Values<Own> {
  return parseCommandLine(() => ({ help, operands: [] }), own).values;
}

/** What a command says of itself. */
export interface CommandForm {
  readonly help: string;
  /** What the words beside options are called, the command itself among them. */
  readonly operands: readonly string[];
}

/**
 * As {@link parseArguments}, for a program with commands.
 *
 * @param formOf the form of the command that the first word names.
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
    // What Node says beyond the first sentence is for programmers.
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
  if (surplus !== undefined) throw new OperatorError(`${surplus} is one word too many; see --help`);
  return { values: values as unknown as Values<Own>, operands: positionals };
}
