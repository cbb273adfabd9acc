import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ROOT } from "../../../core/paths";

let folder: string;

/**
 * Copies the lab's scripts, with one service. A fake `id` says that the user is not root, so that `up`, `prove` and
 * `down` change nothing on this machine.
 */
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
])("lab.sh with a help option prints the usage and does nothing else: %s %s", (...args) => {
  const help = lab("--help");
  expect(help.stdout).toContain("usage: lab.sh COMMAND");
  expect(lab(...args)).toEqual(help);
});

test.each([
  [["up", "now"], "up takes no arguments, got: now"],
  [["prove", "--purge"], "prove takes no arguments, got: --purge"],
  [["status", "-v"], "status takes no arguments, got: -v"],
  [["down", "--perge"], "down takes no arguments but --purge, got: --perge"],
  [["down", "--purge", "now"], "down takes no arguments but --purge, got: --purge now"],
  [["logs", "novae"], expect.stringMatching(/^unknown service novae; .*: .* nova /) as string],
  [["logs", "nova", "glance"], expect.stringMatching(/^unknown service nova glance; /) as string],
  [["stop"], "unknown command stop"],
])("lab.sh rejects %j with a one-line message", (args, fault) => {
  const { status, stdout, stderr } = lab(...args);
  const [, line] = /^lab: (.*); see lab\.sh --help\n$/.exec(stderr) ?? [];
  expect({ status, stdout, line }).toEqual({ status: 2, stdout: "", line: fault });
});
