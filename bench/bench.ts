import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { cpus, release, tmpdir, totalmem, type } from "node:os";
import { join } from "node:path";
import { Fault } from "../cli/command";
import { ROOT } from "../cli/paths";
import { main } from "../cli/progress";
import { createStack, type TestStack } from "../tests/support/pulumi";
import { MINIMAL } from "../tests/support/settings";

const HELP = `usage: make bench, or with pulumi on PATH: npx tsx bench/bench.ts [--rounds=5]

Measures how long \`pulumi preview\` of a fresh stack takes, against that of an empty program with the
same provider. The programs take turns, so that whatever else the machine does hits them all. Prints
the medians and keeps them in bench/results.md.
`;

interface Subject {
  readonly title: string;
  /** What its time may be, as a multiple of the first subject's. */
  readonly goal: number | null;
  readonly stack: TestStack;
  readonly config: Readonly<Record<string, unknown>>;
}

/** What `pulumi new typescript` writes: types are checked at every preview. */
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

/** A program that has the provider and nothing else, on this project's packages. */
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

/** Seconds that one preview takes. */
async function measure({ title, stack, config }: Subject): Promise<number> {
  const start = process.hrtime.bigint();
  const { exitCode, stdout, stderr } = await stack.run(["preview", "--suppress-progress"], config);
  const seconds = Number(process.hrtime.bigint() - start) / 1e9;
  if (exitCode !== 0) {
    throw new Fault(`preview of ${title} failed:\n${stdout}${stderr}`);
  }
  return seconds;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  const [low, high] = [sorted[Math.ceil(middle) - 1] ?? NaN, sorted[Math.floor(middle)] ?? NaN];
  return (low + high) / 2;
}

function machine(): string {
  const pulumi = execFileSync("pulumi", ["version"], { encoding: "utf8" }).trim();
  const cores = cpus();
  return (
    `${String(cores.length)} × ${cores[0]?.model ?? "unknown processor"}, ` +
    `${String(Math.round(totalmem() / 2 ** 30))} GiB, ${type()} ${release()}, ` +
    `Node ${process.versions.node}, pulumi ${pulumi}`
  );
}

function report(subjects: readonly Subject[], times: readonly (readonly number[])[]): string {
  const [base = []] = times;
  const rows = subjects.map(({ title, goal }, index) => {
    const seconds = times[index] ?? [];
    const ratio = median(seconds) / median(base);
    return [
      title,
      median(seconds).toFixed(2),
      `${Math.min(...seconds).toFixed(2)} – ${Math.max(...seconds).toFixed(2)}`,
      ratio.toFixed(2),
      goal === null ? "" : `≤ ${String(goal)}: ${ratio <= goal ? "met" : "missed"}`,
    ];
  });
  return [
    "| `pulumi preview` of a fresh stack | median, s | range, s | ratio | goal |",
    "| --- | ---: | ---: | ---: | --- |",
    ...rows.map((cells) => `| ${cells.join(" | ")} |`),
  ].join("\n");
}

main(async () => {
  if (process.argv.includes("--help")) {
    process.stdout.write(HELP);
    return;
  }
  const rounds = Number(/--rounds=([0-9]+)/.exec(process.argv.join(" "))?.[1] ?? 5);
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
      { title: "empty, as `pulumi new` writes it", goal: null, stack: empty, config: {} },
      { title: "empty, types unchecked as ours are", goal: null, stack: unchecked, config: {} },
      { title: "this project, two zones", goal: 1.5, stack: ours, config },
      {
        title: "this project, two zones, 10,000 users",
        goal: 2,
        stack: ours,
        config: { ...config, users: [{ range: "10000-19999" }] },
      },
    ];
    const times: number[][] = subjects.map(() => []);
    // The first round fills the caches of the machine and is not counted.
    for (let round = 0; round <= rounds; round++) {
      for (const [index, subject] of subjects.entries()) {
        const seconds = await measure(subject);
        if (round > 0) {
          times[index]?.push(seconds);
        }
      }
      process.stderr.write(`round ${String(round)} of ${String(rounds)}\n`);
    }
    const table = report(subjects, times);
    process.stdout.write(`${table}\n`);
    writeFileSync(
      join(__dirname, "results.md"),
      `# Benchmarks\n\n\`make bench\`, ${String(rounds)} rounds, the programs taking turns, on ${machine()}.\n\n${table}\n`,
    );
  } finally {
    for (const stack of stacks) {
      stack.remove();
    }
    rmSync(folder, { recursive: true });
  }
});
