import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LAB_ENVIRONMENT } from "../cli/cloud";
import { command } from "../cli/command";
import { projectEnvironment } from "../cli/environment";
import { main, relay, say } from "../cli/progress";
import { ensureCommands } from "../phones/packages";

/** What `jest --json` says at its end. */
interface JestResult {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  /** Files that broke before any of their tests could run. */
  readonly numRuntimeErrorTestSuites: number;
}

interface Count {
  readonly passed: number;
  readonly failed: number;
}

/**
 * The levels, from fast to slow, and how many of their files run side by side. An Okeanos mostly waits,
 * and a preview hardly ever: together they take little longer than one of them. Calls mostly wait as well,
 * each file in networks of its own; the lab is one for all.
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
    await ensureCommands({ shellcheck: "shellcheck" });
    await command("npm", ["run", "--silent", "lint"], { onLine: relay("lint") });
    return { passed: 1, failed: 0 };
  } catch (error) {
    say("lint", (error as Error).message);
    return { passed: 0, failed: 1 };
  }
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
    // The exit code says no more than the counts do, as long as there are counts.
    await command("node_modules/.bin/jest", args, { env, onLine: showUnlessJson }).catch(() => "");
    const result = JSON.parse(readFileSync(resultFile, "utf8")) as JestResult;
    return {
      passed: result.numPassedTests,
      failed: result.numFailedTests + result.numRuntimeErrorTestSuites,
    };
  } catch (error) {
    say(name, `jest gave no result: ${(error as Error).message}`);
    return { passed: 0, failed: 1 };
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** Jest prints its result on standard output as well, as one line of JSON. */
function showUnlessJson(line: string): void {
  if (!line.startsWith('{"')) {
    console.log(line);
  }
}

/** Builds what the slower levels need while the faster ones run. */
function prepare(): Record<Level, Promise<unknown>> {
  const tools = command("tools/install.sh", [], { onLine: relay("tools") });
  const images = command("images/build.sh", [], { onLine: relay("images") });
  const lab = command("lab/lab.sh", ["up"], { onLine: relay("lab") });
  const uploaded = Promise.all([images, lab]).then(() =>
    command("images/upload.sh", [], {
      env: { ...process.env, ...LAB_ENVIRONMENT },
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
  // A level that waits for something that failed says so itself; until then nobody may be alarmed.
  for (const promise of Object.values(ready)) {
    promise.catch(() => undefined);
  }
  return ready;
}

main(async () => {
  // The tests have a cloud of their own, whatever cloud the caller works with.
  const { OS_CLOUD: _cloud, OS_AUTH_URL: _url, ...withoutCloud } = process.env;
  const ready = prepare();
  const counts: Record<string, Count> = { lint: await lint() };
  for (const run of RUNS) {
    const name = run.levels.join(", ");
    try {
      await Promise.all(run.levels.map((level) => ready[level]));
      const env =
        name === "unit"
          ? withoutCloud
          : { ...withoutCloud, ...(await projectEnvironment(withoutCloud)) };
      counts[name] = await jest(run, env);
    } catch (error) {
      say(name, `cannot run: ${(error as Error).message}`);
      counts[name] = { passed: 0, failed: 1 };
    }
  }

  console.log();
  for (const [name, { passed, failed }] of Object.entries(counts)) {
    console.log(`${name.padEnd(16)} ${String(passed)} passed, ${String(failed)} failed`);
  }
  const sum = (key: keyof Count): number =>
    Object.values(counts).reduce((total, count) => total + count[key], 0);
  console.log(`\n${String(sum("passed"))} passed, ${String(sum("failed"))} failed`);
  if (sum("failed") > 0 || sum("passed") === 0) {
    process.exitCode = 1;
  }
});
