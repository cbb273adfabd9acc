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
  let values;
  try {
    ({ values } = parseArgs({ options: { ...COMMON, ...own } }));
  } catch (error) {
    throw new Fault(`${(error as Error).message}; see --help`);
  }
  if (values.help) {
    console.log(help);
    process.exit(0);
  }
  return values as unknown as Values<Own>;
}
