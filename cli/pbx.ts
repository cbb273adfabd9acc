import { CachedRead } from "../autoscaler/cached-read";
import { OperatorError } from "../core/errors";
import { main } from "../core/main";
import { Connections } from "../ssh/connections";
import { projectEnvironment } from "../stack/environment";
import { exchangeNodes } from "../stack/nodes";
import { findStack } from "../stack/open-stack";
import { type CommandForm, parseCommandLine } from "./arguments";
import { bans, lockKeyOf } from "./pbx/bans";
import { calls } from "./pbx/calls";
import { drain, undrain } from "./pbx/drain";
import { type Command, zoneNamed } from "./pbx/pbx-context";
import { status } from "./pbx/status";
import { zones } from "./pbx/zones";

const HELP = `Shows the state of a running exchange, drains zones, and lifts locks.

  npm run pbx -- COMMAND [options]

Commands:
  status         zones, phones, calls, load, trunk, and what the autoscaler last decided
  zones          addresses of each zone, and the zones that it reaches on the trunk
  calls          current calls and their quality
  drain ZONE     take a zone out of the rotation, and wait until its last call has ended
  undrain ZONE   put a drained zone back into the rotation
  bans           list locked source addresses; --lift SOURCE[/ACCOUNT] lifts a lock

Options:
  --stack NAME   the stack to use (default: PULUMI_STACK, or dev)
  --json         print JSON
  --watch        status: repeat about every five seconds
  --lift WHICH   bans: the lock to lift
  -h, --help     print this text, or the help of a command

Exit code 0 if the command succeeded, 1 otherwise.`;

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
    // Rejects an invalid lock before a connection is opened.
    lockKeyOf(values.lift);
  }
  const stack = await findStack(values.stack, await projectEnvironment());
  const exchange = new CachedRead(() => exchangeNodes(stack));
  const { nodes, outputs } = await exchange.get();
  const { json, watch } = values;
  const connections = new Connections();
  const context = {
    stack: values.stack,
    outputs,
    nodes,
    connections,
    json,
    watch,
    latest: () => exchange.get(),
  };
  if (operand !== undefined) zoneNamed(context, operand);
  try {
    // Fails early if the controller is unreachable.
    await connections.controller(nodes.access, 0);
    await COMMANDS.get(name)?.run(context, operand ?? values.lift ?? "");
  } finally {
    connections.close();
  }
});
