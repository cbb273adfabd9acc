import { readFile } from "node:fs/promises";
import { text } from "node:stream/consumers";
import { CONTROLLER_RESTARTS } from "../provider/impact";
import { parseArguments } from "./arguments";
import { OperatorError } from "../core/errors";
import { projectEnvironment } from "../stack/environment";
import { faultsOf, type ImpactRow, judge } from "../guard/verdict";
import { readPlan } from "../guard/plan";
import { preview } from "../stack/preview";
import { main } from "../core/main";
import { table } from "./table";

const HELP = `Tells what callers will feel of an update before it is made, and refuses one that loses calls.

  npm run guard
  pulumi preview --json --show-replacement-steps --show-sames | npm run --silent guard -- --plan -

Changes nothing: it reads what \`pulumi preview --json\` prints.

Options:
  --stack NAME         the stack to preview (PULUMI_STACK, or dev)
  --plan FILE          a saved plan in place of a preview; - for standard input
  --allow-controller   replacing the controller is intended: no calls or registrations for a while
  -h, --help           this text

Exit code 0 when no call is lost, 1 when calls are lost or may be, 2 when there is no plan to read.`;

/** So that the table fits into a comment on a pull request. */
const FELT_WIDTH = 68;

async function saved(file: string): Promise<string> {
  try {
    return file === "-" ? await text(process.stdin) : await readFile(file, "utf8");
  } catch (error) {
    throw new OperatorError(`the plan cannot be read: ${(error as Error).message}`);
  }
}

/** What the table comes to, in a sentence or a line for each fault. */
function verdict(rows: readonly ImpactRow[]): string {
  const faults = faultsOf(rows);
  if (faults.length > 0) {
    return faults.join("\n");
  }
  return rows.some(({ felt }) => felt === CONTROLLER_RESTARTS)
    ? "no call is lost; that the controller restarts was allowed"
    : "no caller will notice";
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
          rows.map(({ change, felt }) => [change, felt]),
          ["planned change", "what callers feel"],
          [null, FELT_WIDTH],
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
