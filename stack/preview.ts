import { execFile } from "node:child_process";
import { OperatorError } from "../core/errors";
import { ROOT } from "../core/paths";

/**
 * Arguments of `pulumi preview`. With `--show-sames`, the plan also lists unchanged resources. The guard needs them: if
 * the plan has no membership of a zone, the zone is out of the rotation, and its server may be deleted without a drain.
 */
const PREVIEW = ["preview", "--json", "--show-replacement-steps", "--show-sames"];

/**
 * Returns the output of `pulumi preview --json` for the stack `name`. If the preview fails, the output may contain
 * errors instead of a plan.
 *
 * @throws OperatorError if the preview fails without JSON output.
 */
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
