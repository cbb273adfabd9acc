import { quote } from "../core/text";
import type { Session } from "./session";

/**
 * Runs a POSIX shell script with arguments on a node, as root.
 *
 * @param program text of the script.
 * @param args arguments of the script: `$1` and so on.
 * @param input standard input of the script.
 * @returns standard output.
 * @throws the errors of {@link Session.run}.
 */
export const runProgram = (
  session: Session,
  program: string,
  args: readonly string[] = [],
  input?: string,
): Promise<string> => session.run(`set -- ${args.map(quote).join(" ")}\n${program}`, input);
