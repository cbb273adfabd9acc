import { readFileSync } from "node:fs";
import { join } from "node:path";
import { runProgram } from "../../ssh/program";
import type { Session } from "../../ssh/session";

const PROGRAM = readFileSync(join(__dirname, "asterisk.sh"), "utf8");

/**
 * Runs a command of asterisk.sh on a zone. The file describes the commands.
 *
 * @returns standard output.
 * @throws the errors of {@link runProgram}.
 */
export const asteriskProgram = (
  zone: Session,
  command: "start-unread" | "restart" | "fault" | "disconnect",
  args: readonly string[] = [],
): Promise<string> => runProgram(zone, PROGRAM, [command, ...args]);
