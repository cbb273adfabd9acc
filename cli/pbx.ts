import { Connections } from "../ssh/connections";
import { type CommandForm, parseCommandLine } from "./arguments";
import { OperatorError } from "../core/errors";
import { projectEnvironment } from "../stack/environment";
import { exchangeNodes } from "../stack/nodes";
import { bans, lockKeyOf } from "./pbx/bans";
import { calls } from "./pbx/calls";
import { type Command, zoneNamed } from "./pbx/command";
import { drain, undrain } from "./pbx/drain";
import { status } from "./pbx/status";
import { zones } from "./pbx/zones";
import { main } from "../core/main";
import { CachedRead } from "../autoscaler/cached-read";
import { findStack } from "../stack/stack";

const HELP = `Looks at an exchange that runs, and takes its zones out of the rotation and back.

  npm run pbx -- COMMAND [options]

Commands:
  status         zones, phones, calls, load, trunk, and what the autoscaler last decided
  zones          where each zone is, and whom it reaches on the trunk
  calls          the calls that are up, and how they sound
  drain ZONE     take a zone out of the rotation, and wait until its last call has ended
  undrain ZONE   put it back
  bans           source addresses that are locked, and --lift SOURCE[/ACCOUNT] to lift a lock

Options:
  --stack NAME   the stack to look at (PULUMI_STACK, or dev)
  --json         for a program
  --watch        status: again every five seconds
  --lift WHICH   bans: the lock to lift
  -h, --help     this text, or that of a command

Exit code 0 when it was done, 1 otherwise.`;

const COMMANDS: ReadonlyMap<string, Command> = new Map(
  Object.entries({ status, zones, calls, drain, undrain, bans }),
);

function formOf(name: string | undefined): CommandForm {
  if (name === undefined) return { help: HELP, operands: ["COMMAND"] };
  const command = COMMANDS.get(name);
  if (command === undefined) throw new OperatorError(`there is no command ${name}; see --help`);
  return command;
}

main(async () => {
  const { values, operands } = parseCommandLine(formOf, {
    json: { type: "boolean", default: false },
    watch: { type: "boolean", default: false },
    lift: { type: "string" },
  });
  const [name = "", operand] = operands;
  if (values.watch && name !== "status")
    throw new OperatorError(`--watch is for status, not for ${name}`);
  if (values.lift !== undefined) {
    if (name !== "bans") throw new OperatorError(`--lift is for bans, not for ${name}`);
    // Refuses what is no lock before the controller is asked.
    lockKeyOf(values.lift);
  }
  const stack = await findStack(values.stack, await projectEnvironment());
  const exchange = new CachedRead(() => exchangeNodes(stack));
  const { nodes, outputs } = await exchange.get();
  const { json, watch } = values;
  const connections = new Connections();
  const desk = {
    ...{ stack: values.stack, outputs, nodes, connections, json, watch },
    latest: () => exchange.get(),
  };
  if (operand !== undefined) zoneNamed(desk, operand);
  try {
    // Where nobody gets in there is nothing to show.
    await connections.controller(nodes.access, 0);
    await COMMANDS.get(name)?.run(desk, operand ?? values.lift ?? "");
  } finally {
    connections.close();
  }
});
