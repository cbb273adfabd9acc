import { quote } from "../core/text";
import type { Session } from "./session";

/**
 * Runs a shell program on a node, as root.
 *
 * @param program text of the program.
 * @param args arguments of the program: `$1` and so on.
 * @throws ScriptFailed if the exit code is not 0; NodeError if the connection is lost.
 */
export const runProgram = (
  session: Session,
  program: string,
  args: readonly string[] = [],
  input?: string,
): Promise<string> => session.run(`set -- ${args.map(quote).join(" ")}\n${program}`, input);
