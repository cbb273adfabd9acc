import { readFile } from "node:fs/promises";
import { text } from "node:stream/consumers";
import { OperatorError } from "../core/errors";
import { main } from "../core/main";
import { readPlan } from "../guard/plan";
import { faultsOf, type ImpactRow, judge } from "../guard/verdict";
import { CONTROLLER_RESTARTS } from "../provider/impact";
import { projectEnvironment } from "../stack/environment";
import { preview } from "../stack/preview";
import { parseArguments } from "./arguments";
import { table } from "./terminal";

const HELP = `Previews an update and shows its effects on callers. Refuses an update that could cut calls, or that
would make the exchange unreachable.

  npm run guard
  pulumi preview --json --show-replacement-steps --show-sames | npm run --silent guard -- --plan -

Changes nothing. It only reads the output of \`pulumi preview --json\`.

Options:
  --stack NAME         the stack to preview (default: PULUMI_STACK, or dev)
  --plan FILE          read a saved plan instead of running a preview; - for standard input
  --allow-controller   allow a replacement of the controller: no new calls or registrations for a while
  -h, --help           print this text

Exit code 0 if the update is allowed, 1 if it is refused, 2 if there is no plan to read.`;

/** Width of the column of effects in characters. With this width, the table fits into a comment on a pull request. */
const EFFECT_WIDTH = 68;

async function saved(file: string): Promise<string> {
  try {
    return file === "-" ? await text(process.stdin) : await readFile(file, "utf8");
  } catch (error) {
    throw new OperatorError(`cannot read the plan: ${(error as Error).message}`);
  }
}

/** Returns the text below the table: one line for each fault, or a sentence if there is none. */
function verdict(rows: readonly ImpactRow[]): string {
  const faults = faultsOf(rows);
  if (faults.length > 0) {
    return faults.join("\n");
  }
  return rows.some(({ effect }) => effect === CONTROLLER_RESTARTS)
    ? "no call is lost; the restart of the controller was allowed"
    : "callers will notice nothing";
}

main(
  async () => {
    const options = parseArguments(HELP, {
      plan: { type: "string" },
      "allow-controller": { type: "boolean", default: false },
    });
    const json = await (options.plan === undefined
      ? preview(options.stack, { ...process.env, ...(await projectEnvironment()) })
      : saved(options.plan));
    const rows = judge(readPlan(json), { controller: options["allow-controller"] });
    if (rows.length > 0) {
      console.log(
        table(
          rows.map(({ change, effect }) => [change, effect]),
          ["planned change", "effect on callers"],
          [null, EFFECT_WIDTH],
        ),
      );
    }
    console.log(verdict(rows));
    if (rows.some(({ fault }) => fault !== null)) {
      process.exitCode = 1;
    }
  },
  { faultCode: 2 },
);
