import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { command } from "../core/command";
import { OperatorError } from "../core/errors";
import { main } from "../core/main";
import { relay, say } from "../core/progress";
import { ensureCommands } from "../phones/packages";
import { LAB_ENVIRONMENT, withoutCloud } from "../stack/cloud-environment";
import { projectEnvironment } from "../stack/environment";
import { type Count, countOf, type JestResult, paragraph } from "./jest-result";

/**
 * Runs of the test levels, from fast to slow, with the number of test files that run in parallel. Okeanos tests mostly
 * wait, and preview tests mostly compute. So both levels together take little longer than the slower one alone. Tests
 * of calls also mostly wait, and each file has its own networks. All lab tests share one lab.
 */
const RUNS = [
  { levels: ["unit"], workers: 2 },
  { levels: ["preview", "okeanos"], workers: 2 },
  { levels: ["calls"], workers: 2 },
  { levels: ["lab"], workers: 1 },
] as const;
type Run = (typeof RUNS)[number];
type Level = Run["levels"][number];

async function lint(): Promise<Count> {
  say("lint", "checking");
  try {
    await ensureCommands({ shellcheck: "shellcheck", pyflakes3: "pyflakes3" });
    await command("npm", ["run", "--silent", "lint"], { onLine: relay("lint") });
    return { passed: 1, failed: 0, failures: [] };
  } catch (error) {
    return broken("lint", (error as Error).message);
  }
}

/** Prints the fault of a step, and returns the step's count: one failure. */
function broken(name: string, fault: string): Count {
  say(name, fault);
  return { passed: 0, failed: 1, failures: [paragraph(name, fault)] };
}

async function jest({ levels, workers }: Run, env: NodeJS.ProcessEnv): Promise<Count> {
  const directory = mkdtempSync(join(tmpdir(), "trunkline-test-"));
  const resultFile = join(directory, "result.json");
  const args = [
    "--selectProjects",
    ...levels,
    "--verbose",
    "--ci",
    "--json",
    `--outputFile=${resultFile}`,
    ...(workers === 1 ? ["--runInBand"] : [`--maxWorkers=${String(workers)}`]),
  ];
  const name = levels.join(", ");
  say(name, "running");
  try {
    // The counts show failed tests, so the exit code is ignored. If Jest wrote no counts, reading the file fails.
    await command("node_modules/.bin/jest", args, { env, onLine: showUnlessJson }).catch(() => "");
    return countOf(JSON.parse(readFileSync(resultFile, "utf8")) as JestResult);
  } catch (error) {
    return broken(name, `jest wrote no result: ${(error as Error).message}`);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** Prints a line of Jest's output, unless the line starts like a JSON object. */
function showUnlessJson(line: string): void {
  if (!line.startsWith('{"')) {
    console.log(line);
  }
}

const lab = (verb: "up" | "prove"): Promise<unknown> =>
  command("lab/lab.sh", [verb], { onLine: relay("lab") });

/** Returns the lab's processes that are down, and the last errors in its logs, which may explain failed tests. */
async function labTrouble(): Promise<string[]> {
  const lines = await command("lab/lab.sh", ["trouble"]).catch((error: unknown) => String(error));
  return lines === "" ? [] : [paragraph("lab/lab.sh trouble", lines, Infinity)];
}

/**
 * Starts the builds and the lab in the background. For each level, returns a promise that resolves when everything that
 * the level needs is ready.
 */
function prepare(): Record<Level, Promise<unknown>> {
  const tools = command("tools/install.sh", [], { onLine: relay("tools") });
  const images = command("images/build.sh", [], { onLine: relay("images") });
  const uploaded = Promise.all([images, lab("up")]).then(() =>
    command("images/upload.sh", [], {
      env: { ...withoutCloud(process.env), ...LAB_ENVIRONMENT },
      onLine: relay("images"),
    }),
  );
  const ready = {
    unit: Promise.resolve(),
    preview: tools,
    okeanos: Promise.all([tools, images]),
    calls: images,
    lab: Promise.all([tools, uploaded]),
  };
  // A level that needs a failed build reports the failure. Until then, this handler prevents an unhandled rejection.
  for (const promise of Object.values(ready)) {
    promise.catch(() => undefined);
  }
  return ready;
}

main(async () => {
  if (process.argv.length > 2) {
    throw new OperatorError(
      "make test runs all tests and takes no options; run one level with: npx jest --selectProjects unit",
    );
  }
  // No test may use the cloud in the caller's environment.
  const ours = withoutCloud(process.env);
  const ready = prepare();
  const counts: Record<string, Count> = { lint: await lint() };
  for (const run of RUNS) {
    const name = run.levels.join(", ");
    try {
      await Promise.all(run.levels.map((level) => ready[level]));
      // The lab was started before the faster levels ran. Restart its processes that have died since then.
      if (name === "lab") await lab("up").then(() => lab("prove"));
      const env = name === "unit" ? ours : { ...ours, ...(await projectEnvironment(ours)) };
      counts[name] = await jest(run, env);
    } catch (error) {
      counts[name] = broken(name, `cannot run: ${(error as Error).message}`);
    }
  }

  // Failures are printed after all runs, because some logs keep only the end of a long output.
  const failures = Object.values(counts).flatMap((count) => count.failures);
  const trouble = counts.lab?.failed === 0 ? [] : await labTrouble();
  for (const failure of [...failures, ...trouble]) {
    console.log(`\n✕ ${failure}`);
  }
  console.log();
  for (const [name, { passed, failed }] of Object.entries(counts)) {
    console.log(`${name.padEnd(16)} ${String(passed)} passed, ${String(failed)} failed`);
  }
  const sum = (key: "passed" | "failed"): number =>
    Object.values(counts).reduce((total, count) => total + count[key], 0);
  console.log(`\n${String(sum("passed"))} passed, ${String(sum("failed"))} failed`);
  if (sum("failed") > 0 || sum("passed") === 0) {
    process.exitCode = 1;
  }
});
