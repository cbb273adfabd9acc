import { Connections, PATIENCE } from "../provider/ssh";
import { type CommandForm, parseCommandLine } from "./arguments";
import { Fault } from "./command";
import { projectEnvironment } from "./environment";
import { exchangeNodes } from "./exchange-nodes";
import { calls } from "./pbx/calls";
import type { Command } from "./pbx/command";
import { drain, undrain } from "./pbx/drain";
import { status } from "./pbx/status";
import { zones } from "./pbx/zones";
import { main } from "./progress";
import { findStack } from "./stack";

const HELP = `Looks at an exchange that runs, and takes its zones out of the rotation and back.

  npm run pbx -- COMMAND [options]

Commands:
  status         zones, phones, calls, load, trunk, and what the autoscaler last decided
  zones          where each zone is, and whom it reaches on the trunk
  calls          the calls that are up, and how they sound
  drain ZONE     take a zone out of the rotation, and wait until its last call has ended
  undrain ZONE   put it back

Options:
  --stack NAME   the stack to look at (dev)
  --json         for a program
  --watch        status: again every five seconds
  -h, --help     this text, or that of a command

Exit code 0 when it was done, 1 otherwise.`;

const COMMANDS: Readonly<Record<string, Command>> = { status, zones, calls, drain, undrain };

function formOf(name: string | undefined): CommandForm {
  if (name === undefined) return { help: HELP, operands: 1 };
  const command = COMMANDS[name];
  if (command === undefined) throw new Fault(`there is no command ${name}; see --help`);
  return command;
}

main(async () => {
  const { values, operands } = parseCommandLine(formOf, {
    json: { type: "boolean", default: false },
    watch: { type: "boolean", default: false },
  });
  const [name = "", operand = ""] = operands;
  if (values.watch && name !== "status") throw new Fault(`--watch is for status, not for ${name}`);
  const stack = await findStack(values.stack, await projectEnvironment());
  const { nodes, outputs } = await exchangeNodes(stack);
  const connections = new Connections();
  try {
    // Where nobody gets in there is nothing to show.
    await connections.controller(nodes.access, PATIENCE.look);
    const { json, watch } = values;
    await COMMANDS[name]?.run(
      { stack: values.stack, outputs, nodes, connections, json, watch },
      operand,
    );
  } finally {
    connections.close();
  }
});
