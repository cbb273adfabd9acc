import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../../../core/paths";

const read = (path: string): string => readFileSync(join(ROOT, path), "utf8");
const files = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard"], {
  cwd: ROOT,
  encoding: "utf8",
}).split("\n");

const WORKFLOWS = files.filter((path) => /^\.github\/.*\.ya?ml$/.test(path));
/** Files that pip installs from. */
const REQUIREMENTS = files.filter((path) => /requirements[^/]*\.txt$/.test(path));
const SCRIPTS = files.filter(
  (path) => /\.sh$|^Makefile$/.test(path) || /^#!.*\b(?:ba|da)?sh\b/.test(firstLine(path)),
);

function firstLine(path: string): string {
  if (!/^(?:images|lab|tools|\.ci|tests)\//.test(path)) return "";
  return read(path).split("\n", 1)[0] ?? "";
}

/** Returns lines without comments. Joins each line with its continuation lines. */
const linesOf = (text: string): string[] =>
  text
    .replaceAll(/\\\n\s*/g, "")
    .split("\n")
    .map((line) => line.replace(/(?:^|\s)#.*$/, "").trim())
    .filter((line) => line !== "");

test.each(WORKFLOWS)("%s pins actions by their commits", (path) => {
  const uses = read(path).match(/\buses:.*$/gm) ?? [];
  expect(uses.length).toBeGreaterThan(0);
  // A tag can be moved to another commit. The version is in a comment after the commit.
  expect(uses.filter((use) => !/@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(use))).toEqual([]);
});

test("the workflow uses the Pulumi version of tools/pins.env", () => {
  const [, version] = /^PULUMI_VERSION=(\S+)/m.exec(read("tools/pins.env")) ?? [];
  const named = WORKFLOWS.flatMap((path) => [...read(path).matchAll(/pulumi-version: (\S+)/g)]);
  expect(named.map(([, found]) => found)).toEqual([version]);
});

test.each(REQUIREMENTS)("%s has a version and a hash for each package", (path) => {
  const lines = linesOf(read(path));
  expect(lines.length).toBeGreaterThan(0);
  expect(
    lines.filter((line) => !/^[\w.[\]-]+==[\w.]+(?: --hash=sha256:[0-9a-f]{64})+$/.test(line)),
  ).toEqual([]);
});

test("images/requirements.txt has all packages of images/requirements.in", () => {
  const names = (path: string): string[] =>
    linesOf(read(path)).map((line) => (line.split(" ")[0] ?? "").toLowerCase());
  expect(names("images/requirements.txt")).toEqual(
    expect.arrayContaining(names("images/requirements.in")),
  );
});

describe("scripts", () => {
  const commands = SCRIPTS.flatMap((path) => linesOf(read(path)).map((line) => `${path}: ${line}`));

  test("run pip only with hashes", () => {
    const installs = commands.filter((line) => /\bpip"? install\b/.test(line));
    expect(installs.length).toBe(2);
    expect(installs.filter((line) => !line.includes("--require-hashes"))).toEqual([]);
  });

  test("run npm only with a lock file", () => {
    expect(commands.filter((line) => /\bnpm (?:install|i|exec)\b|: npx /.test(line))).toEqual([]);
  });

  test("download only with tools/download.sh, and only record.sh downloads without a recorded checksum", () => {
    const downloads = commands.filter((line) => /\b(?:curl|wget)\b.*(?:-|https?:)/.test(line));
    const elsewhere = downloads.filter((line) => !line.startsWith("tools/download.sh: "));
    // Scripts of the lab may send requests to the services of the lab.
    expect(elsewhere.filter((line) => !line.includes("http://$API:"))).toEqual([]);
    expect(commands.filter((line) => /^tools\/(?!download).*\bfetch "/.test(line))).toEqual([
      'tools/pulumi-release/record.sh: fetch "$url" "$work/${url##*/}"',
    ]);
  });

  test("use no Debian archive without a verified signature", () => {
    const careless = /trusted=yes|allow-unauthenticated|AllowInsecure|no-check-gpg|no-gpg-check/i;
    expect(
      files.filter((path) => /^(?:images|lab|tools)\//.test(path) && careless.test(read(path))),
    ).toEqual([]);
  });
});
