import { spawnSync } from "node:child_process";
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ROOT } from "../../../core/paths";

let folder: string;

/** Copies lib.sh and the inputs of images' keys. The elements get the modes of a clone with umask 022. */
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "trunkline-images-"));
  mkdirSync(join(folder, "images"));
  for (const part of ["lib.sh", "bake.sh", "requirements.txt", "definitions", "elements"]) {
    cpSync(join(ROOT, "images", part), join(folder, "images", part), { recursive: true });
  }
  setModes(0o022);
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

const elements = (): string[] =>
  readdirSync(join(folder, "images/elements"), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));

/** Sets the mode of every file of the elements as a clone with this umask would. */
function setModes(umask: number): void {
  for (const file of elements()) {
    const executable = (statSync(file).mode & 0o100) !== 0;
    chmodSync(file, (executable ? 0o777 : 0o666) & ~umask);
  }
}

function imageKey(): string {
  const { stdout, stderr } = spawnSync(
    "bash",
    ["-euo", "pipefail", "-c", '. "$0/images/lib.sh"; image_key pbx-controller', folder],
    {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
      env: { PATH: process.env.PATH, HOME: folder, TRUNKLINE_IMAGE_FORMAT: "direct" },
    },
  );
  expect(stderr).toBe("");
  return stdout.trimEnd();
}

test("the key of an image does not depend on the umask", () => {
  const key = imageKey();
  expect(key).toMatch(/^[0-9a-f]{12}$/);
  for (const umask of [0o002, 0o027, 0o077]) {
    setModes(umask);
    expect([umask, imageKey()]).toEqual([umask, key]);
  }
});

test("the key of an image depends on the executable bits of its files", () => {
  const key = imageKey();
  const [program = ""] = elements().filter((file) => file.endsWith("post-install.d/60-services"));
  chmodSync(program, 0o644);
  expect(imageKey()).not.toBe(key);
});
