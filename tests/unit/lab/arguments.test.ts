import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ROOT } from "../../../core/paths";

let folder: string;

/** The lab's script with one service, for somebody who is not root: what it really did would end with 1. */
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "trunkline-lab-"));
  for (const part of ["lab/services", "bin"]) mkdirSync(join(folder, part), { recursive: true });
  for (const part of ["lab.sh", "lib"]) {
    cpSync(join(ROOT, "lab", part), join(folder, "lab", part), { recursive: true });
  }
  writeFileSync(join(folder, "lab/services/nova.sh"), "");
  writeFileSync(join(folder, "bin/id"), "#!/bin/sh\necho 1000\n", { mode: 0o755 });
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

function lab(...args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(join(folder, "lab/lab.sh"), args, {
    encoding: "utf8",
    env: {
      ...process.env,
      PATH: `${folder}/bin:${process.env.PATH ?? ""}`,
      LAB_STATE: join(folder, "state"),
    },
  });
  return { status, stdout, stderr };
}

test.each([
  ...["up", "prove", "down", "status", "trouble", "logs"].map((command) => [command, "--help"]),
  ["up", "-h"],
  ["down", "--purge", "--help"],
])("%s %s says what the commands do, and does nothing", (...args) => {
  const help = lab("--help");
  expect(help.stdout).toContain("usage: lab.sh COMMAND");
  expect(lab(...args)).toEqual(help);
});

test.each([
  [["up", "now"], "up takes no argument, not now"],
  [["prove", "--purge"], "prove takes no argument, not --purge"],
  [["status", "-v"], "status takes no argument, not -v"],
  [["down", "--perge"], "down takes --purge or nothing, not --perge"],
  [["down", "--purge", "now"], "down takes --purge or nothing, not --purge now"],
  [["logs", "novae"], expect.stringMatching(/^no service novae; there are: .* nova /) as string],
  [["logs", "nova", "glance"], expect.stringMatching(/^no service nova glance; /) as string],
  [["stop"], "no command stop"],
])("%j is refused in a line", (args, fault) => {
  const { status, stdout, stderr } = lab(...args);
  const [, line] = /^lab: (.*); see lab\.sh --help\n$/.exec(stderr) ?? [];
  expect({ status, stdout, line }).toEqual({ status: 2, stdout: "", line: fault });
});
