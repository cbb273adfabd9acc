import { parseArgs } from "node:util";
import { Fault } from "./command";

/** What every one of these programs takes. */
export interface Arguments {
  readonly stack: string;
}

/** Parses the command line; prints `help` and ends where it is asked for. @throws Fault */
export function parseArguments(help: string): Arguments {
  try {
    const { values } = parseArgs({
      options: {
        stack: { type: "string", default: "dev" },
        help: { type: "boolean", short: "h", default: false },
      },
    });
    if (values.help) {
      console.log(help);
      process.exit(0);
    }
    return { stack: values.stack };
  } catch (error) {
    throw new Fault(`${(error as Error).message}; see --help`);
  }
}
