import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { OperatorError } from "../core/errors";
import { ROOT } from "../core/paths";
import { createStack, type TestStack } from "../tests/support/pulumi";
import { MINIMAL } from "../tests/support/settings";
import { machine, formatTable, median, timed } from "./figures";

interface Subject {
  readonly title: string;
  /** Maximum time as a multiple of the first subject's time; null if there is no goal. */
  readonly goal: number | null;
  readonly stack: TestStack;
  readonly config: Readonly<Record<string, unknown>>;
}

/** Compiler options that `pulumi new typescript` writes. With these options, every preview checks types. */
const DEFAULT_COMPILER_OPTIONS = {
  strict: true,
  outDir: "bin",
  target: "es2020",
  module: "commonjs",
  moduleResolution: "node",
  sourceMap: true,
  experimentalDecorators: true,
  pretty: true,
  noFallthroughCasesInSwitch: true,
  noImplicitReturns: true,
  forceConsistentCasingInFileNames: true,
};

/**
 * Creates a Pulumi project that declares only the OpenStack provider and uses the packages of this repository. Returns
 * the directory of the project.
 */
function emptyProgram(folder: string, name: string, compilerOptions: object): string {
  const project = join(folder, name);
  mkdirSync(project);
  const files = {
    "Pulumi.yaml": `name: ${name}\nruntime: nodejs\nmain: index.ts\n`,
    "package.json": JSON.stringify({ name, private: true }),
    "tsconfig.json": JSON.stringify({ compilerOptions, files: ["index.ts"] }),
    "index.ts":
      'import * as openstack from "@pulumi/openstack";\nnew openstack.Provider("openstack");\n',
  };
  for (const [file, content] of Object.entries(files)) {
    writeFileSync(join(project, file), content);
  }
  symlinkSync(join(ROOT, "node_modules"), join(project, "node_modules"));
  return project;
}

/** Returns the duration of one preview in seconds. */
const measure = ({ title, stack, config }: Subject): Promise<number> =>
  timed(async () => {
    const { exitCode, stdout, stderr } = await stack.run(
      ["preview", "--suppress-progress"],
      config,
    );
    if (exitCode !== 0) {
      throw new OperatorError(`preview of ${title} failed:\n${stdout}${stderr}`);
    }
  });

function report(subjects: readonly Subject[], times: readonly (readonly number[])[]): string {
  const [base = []] = times;
  return formatTable(
    ["`pulumi preview` of a fresh stack", "median, s", "range, s", "ratio", "goal"],
    ["---", "---:", "---:", "---:", "---"],
    subjects.map(({ title, goal }, index) => {
      const seconds = times[index] ?? [];
      const ratio = median(seconds) / median(base);
      return [
        title,
        median(seconds).toFixed(2),
        `${Math.min(...seconds).toFixed(2)} – ${Math.max(...seconds).toFixed(2)}`,
        ratio.toFixed(2),
        goal === null ? "" : `≤ ${String(goal)}: ${ratio <= goal ? "met" : "missed"}`,
      ];
    }),
  );
}

/**
 * Compares how long a preview of a new stack takes: of this project, and of two empty programs. One empty program
 * checks types, and the other does not, like this project. All programs are measured in turn, so that other load on the
 * machine affects all of them equally. Writes the results to bench/results.md.
 */
export async function measurePreviews(rounds: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "trunkline-bench-"));
  const stacks: TestStack[] = [];
  try {
    const stackOf = async (project?: string): Promise<TestStack> => {
      const stack = await createStack(project);
      stacks.push(stack);
      return stack;
    };
    const empty = await stackOf(emptyProgram(folder, "empty", DEFAULT_COMPILER_OPTIONS));
    const unchecked = await stackOf(
      emptyProgram(folder, "unchecked", { ...DEFAULT_COMPILER_OPTIONS, noCheck: true }),
    );
    const ours = await stackOf();
    const config = { ...MINIMAL, zones: 2 };
    const subjects: Subject[] = [
      { title: "empty program from `pulumi new`", goal: null, stack: empty, config: {} },
      { title: "empty program, types not checked", goal: null, stack: unchecked, config: {} },
      { title: "this project, two zones", goal: 1.5, stack: ours, config },
      {
        title: "this project, two zones, 10,000 users",
        goal: 2,
        stack: ours,
        config: { ...config, users: [{ range: "10000-19999" }] },
      },
    ];
    const times: number[][] = subjects.map(() => []);
    // The first round fills caches and is not counted.
    for (let round = 0; round <= rounds; round++) {
      for (const [index, subject] of subjects.entries()) {
        const seconds = await measure(subject);
        if (round > 0) {
          times[index]?.push(seconds);
        }
      }
      process.stderr.write(`previews: round ${String(round)} of ${String(rounds)}\n`);
    }
    const table = report(subjects, times);
    process.stdout.write(`${table}\n`);
    writeFileSync(
      join(__dirname, "results.md"),
      `# Benchmarks\n\n\`make bench\`, ${String(rounds)} rounds, the programs measured in turn, on ${machine()}.\n\n${table}\n`,
    );
  } finally {
    for (const stack of stacks) {
      stack.remove();
    }
    rmSync(folder, { recursive: true });
  }
}
