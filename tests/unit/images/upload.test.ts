import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ROOT } from "../../../core/paths";

/** Exit status of the fake build.sh; shows that the build was started. A real build takes minutes. */
const BUILDS = 42;

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "trunkline-images-"));
  for (const part of ["images", "lab", "state"]) mkdirSync(join(folder, part));
  for (const part of ["upload.sh", "lib.sh", "definitions"]) {
    cpSync(join(ROOT, "images", part), join(folder, "images", part), { recursive: true });
  }
  program("images/build.sh", `echo "$OS_CLOUD $OS_CLIENT_CONFIG_FILE"; exit ${String(BUILDS)}`);
  program("lab/lab.sh", "exit 0");
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

function program(name: string, body: string): void {
  writeFileSync(join(folder, name), `#!/bin/sh\n${body}\n`, { mode: 0o755 });
}

function upload(env: Readonly<Record<string, string>>) {
  const { status, stdout, stderr } = spawnSync(join(folder, "images/upload.sh"), {
    encoding: "utf8",
    env: { PATH: process.env.PATH, HOME: folder, LAB_STATE: join(folder, "state"), ...env },
  });
  return { status, stdout: stdout.trimEnd(), stderr: stderr.trimEnd() };
}

const labIsInstalled = (): string => {
  const file = join(folder, "state", "clouds.yaml");
  writeFileSync(file, "clouds: {}");
  return file;
};

test("upload.sh uses the cloud that the environment names", () => {
  labIsInstalled();
  expect(upload({ OS_CLOUD: "mycloud" })).toEqual({
    status: BUILDS,
    stdout: "mycloud",
    stderr: "",
  });
});

test("upload.sh uses the lab if no cloud is named", () => {
  const file = labIsInstalled();
  expect(upload({ OS_CLOUD: "" })).toEqual({
    status: BUILDS,
    stdout: `trunkline-lab ${file}`,
    stderr: "",
  });
});

test("upload.sh uses a cloud that was set after `make env`, and otherwise the lab", () => {
  const lab = { OS_CLOUD: "trunkline-lab", OS_CLIENT_CONFIG_FILE: labIsInstalled() };
  const none = { OS_AUTH_URL: "http://no-cloud-is-configured.invalid/v3" };
  const takes = (env: Readonly<Record<string, string>>): string => upload(env).stdout;
  expect(takes(lab)).toBe(`trunkline-lab ${lab.OS_CLIENT_CONFIG_FILE}`);
  expect(takes(none)).toBe(`trunkline-lab ${lab.OS_CLIENT_CONFIG_FILE}`);
  expect(takes({ ...lab, OS_CLOUD: "mycloud" })).toBe("mycloud");
  expect(takes({ ...lab, OS_AUTH_URL: "https://a/v3" })).toBe("");
});

test("upload.sh builds nothing if there is no cloud and no lab", () => {
  expect(upload({})).toEqual({
    status: 1,
    stdout: "",
    stderr:
      "images: no cloud is configured; set OS_CLOUD to an entry of clouds.yaml, or set OS_AUTH_URL and the other OS_* variables, or start the lab with: make lab-up",
  });
});

test("upload.sh builds nothing if no cloud is named and the lab is not fully running", () => {
  labIsInstalled();
  program("lab/lab.sh", '[ "$1" = status ] && exit 3');
  expect(upload({})).toEqual({
    status: 1,
    stdout: "",
    stderr:
      "images: no cloud is configured, and the lab is not fully running; start the lab with: make lab-up",
  });
});
