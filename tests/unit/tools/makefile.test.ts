import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ROOT } from "../../../core/paths";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "trunkline-make-"));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

/**
 * Runs make with the shell script `tsx` in place of the command tsx, which runs TypeScript files. Tells make that the
 * npm packages are installed. Otherwise npm would delete and install them again, while other tests use them.
 */
function make(target: string, tsx = "exit 1") {
  const program = join(folder, "tsx");
  writeFileSync(program, `#!/bin/sh\n${tsx}\n`, { mode: 0o755 });
  const installed = ["-o", "node_modules/.package-lock.json"];
  const { status, stdout } = spawnSync("make", [...installed, target, `TSX=${program}`], {
    cwd: ROOT,
    encoding: "utf8",
    // Only PATH: a `make` that runs these tests sets further variables, which would affect this `make`.
    env: { PATH: process.env.PATH },
  });
  return { status, stdout };
}

test("make help prints the eval command in a form that can be pasted", () => {
  expect(make("help").stdout).toContain(': eval "$(make -s env)"\n');
});

describe("make bench", () => {
  const programs = (environment: string): string => `
    case $1 in
    cli/env.ts) ${environment} ;;
    *) echo "$1 in $CLOUD" ;;
    esac`;

  test("runs bench/bench.ts in the environment that cli/env.ts prints", () => {
    const measured = { status: 0, stdout: "bench/bench.ts in lab\n" };
    expect(make("bench", programs("echo export CLOUD=lab"))).toEqual(measured);
  });

  test("measures nothing if cli/env.ts fails", () => {
    expect(make("bench", programs("exit 1"))).toEqual({ status: 2, stdout: "" });
  });
});
