import { execFile } from "node:child_process";
import { OperatorError } from "../core/errors";
import { ROOT } from "../core/paths";

/**
 * What stays as it is belongs to it: a zone that goes and has no place in the rotation any more needs no
 * drain, and nothing else tells.
 */
const PREVIEW = ["preview", "--json", "--show-replacement-steps", "--show-sames"];

/** The plan for the stack `name`, of which pulumi prints the faults as well. @throws OperatorError */
export const preview = (
  name: string,
  env: NodeJS.ProcessEnv,
  signal?: AbortSignal,
): Promise<string> =>
  new Promise((resolve, reject) => {
    execFile(
      "pulumi",
      [...PREVIEW, "--non-interactive", "--stack", name],
      { cwd: ROOT, env, maxBuffer: 2 ** 28, ...(signal === undefined ? {} : { signal }) },
      (error, stdout, stderr) => {
        if (error === null || stdout.trimStart().startsWith("{")) {
          resolve(stdout);
        } else {
          const why = stderr.trim().replace(/^error: /, "") || error.message;
          reject(new OperatorError(`pulumi preview failed: ${why}`));
        }
      },
    );
  });
