import { execFile } from "node:child_process";
import { OperatorError } from "../core/errors";
import { ROOT } from "../core/paths";

/**
 * Arguments of `pulumi preview`. With unchanged resources in the plan (`--show-sames`), the guard can tell that
 * a deleted zone is already out of the rotation and needs no drain.
 */
const PREVIEW = ["preview", "--json", "--show-replacement-steps", "--show-sames"];

/** Returns the plan for the stack `name` as JSON, which may contain errors of the preview. @throws OperatorError */
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
