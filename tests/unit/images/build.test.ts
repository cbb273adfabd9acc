import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ROOT } from "../../../core/paths";

let folder: string;

/** Creates fake commands of a machine that has all tools, and a fake bake.sh that makes an empty image. */
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "trunkline-images-"));
  for (const part of ["images", "bin"]) mkdirSync(join(folder, part));
  const parts = ["build.sh", "rootfs.sh", "lib.sh", "requirements.txt", "definitions", "elements"];
  for (const part of parts) {
    cpSync(join(ROOT, "images", part), join(folder, "images", part), { recursive: true });
  }
  program("bin/id", "echo 0");
  program("bin/dpkg-query", "printf installed");
  program("bin/losetup", ":");
  bakes('mkdir -p "$3/result/rootfs" && touch "$3/result/manifest.json"');
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

function program(name: string, body: string): void {
  writeFileSync(join(folder, name), `#!/bin/sh\n${body}\n`, { mode: 0o755 });
}

/**
 * Sets what the fake bake.sh does. bake.sh is part of an image's key and must not change, so it reads `body` from
 * another file.
 */
function bakes(body: string): void {
  program("images/bake.sh", '. "$HOME/bake"');
  writeFileSync(join(folder, "bake"), body);
}

const NAME = "pbx-controller";

function images(script: string, ...args: readonly string[]) {
  const { status, stdout } = spawnSync(join(folder, "images", script), args, {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
    env: {
      PATH: `${folder}/bin:${process.env.PATH ?? ""}`,
      HOME: folder,
      TRUNKLINE_CACHE: join(folder, "cache"),
      TRUNKLINE_IMAGE_FORMAT: "direct",
    },
  });
  return { status, lines: stdout.trimEnd().split("\n") };
}

/** Returns the path of the image in use. Checks that a build without --fresh has nothing to do. */
function imageInUse(): string | undefined {
  expect(images("build.sh", NAME)).toEqual({
    status: 0,
    lines: [`images: ${NAME}: up to date`],
  });
  return images("rootfs.sh", NAME).lines[0];
}

test("an image that was rebuilt with --fresh stays in use in later builds without --fresh", () => {
  images("build.sh", NAME);
  const before = imageInUse();
  const { status, lines } = images("build.sh", "--fresh", NAME);
  expect([status, lines.at(-1)]).toEqual([0, expect.stringContaining(`/cache/images/${NAME}-`)]);
  expect(imageInUse()).toBe(`${lines.at(-1)?.split(": ").at(-1) ?? ""}/rootfs`);
  expect(imageInUse()).not.toBe(before);
});

test("the previous image stays in use if a rebuild with --fresh fails", () => {
  images("build.sh", NAME);
  const before = imageInUse();
  bakes("exit 1");
  expect(images("build.sh", "--fresh", NAME).status).toBe(1);
  expect(imageInUse()).toBe(before);
});

test("--fresh rebuilds only the named image", () => {
  images("build.sh", NAME);
  const before = imageInUse();
  images("build.sh", "--fresh", "pbx-asterisk-22");
  expect(imageInUse()).toBe(before);
});
