import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { settingsSchema } from "../../../config/schema";
import { ROOT } from "../../../core/paths";

const FILES = execFileSync("git", ["ls-files"], { cwd: ROOT, encoding: "utf8" })
  .split("\n")
  .filter((file) => file !== "" && existsSync(join(ROOT, file)));
const FOLDERS = new Set(
  FILES.filter((file) => file.includes("/")).map((file) => file.split("/")[0]),
);
const read = (file: string): string => readFileSync(join(ROOT, file), "utf8");

/** Returns the anchors of a document, as GitHub makes them from its headings. */
const anchorsOf = (text: string): string[] =>
  Array.from(text.matchAll(/^#+ (.*)$/gm), ([, heading = ""]) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-"),
  );

test("links between documents lead to files and headings that exist", () => {
  const broken = FILES.filter((file) => file.endsWith(".md")).flatMap((file) =>
    Array.from(read(file).matchAll(/\]\((?!\w+:)([^)#\s]*)(?:#([^)\s]*))?\)/g), (match) => {
      const [, path = "", anchor] = match;
      const target = path === "" ? file : normalize(join(dirname(file), path));
      if (!existsSync(join(ROOT, target))) return `${file}: ${path} does not exist`;
      return anchor === undefined || anchorsOf(read(target)).includes(anchor)
        ? []
        : `${file}: ${target} has no heading #${anchor}`;
    }).flat(),
  );
  expect(broken).toEqual([]);
});

/** Matches a path from the root of the clone in a comment or in a document. */
const PATH = /(?<![\w/.@$}"-])((?:[a-z][\w-]*\/)+[\w.-]+\.(?:ts|sh|py|hbs|md|json|yaml|c))\b/g;
/** Files that git does not list, because programs create them. */
const GENERATED = ["node_modules/.package-lock.json"];

test("comments and documents name only files that exist", () => {
  const missing = FILES.filter(
    (file) => /\.(?:ts|mjs|md|sh|py|hbs|yml|c)$/.test(file) && !/golden|CHANGELOG/.test(file),
  ).flatMap((file) =>
    Array.from(read(file).matchAll(PATH), ([, path = ""]) => path)
      .filter((path) => FOLDERS.has(path.split("/")[0]) && !GENERATED.includes(path))
      .filter(
        (path) =>
          !/\bNAME\b/.test(path) &&
          ![path, normalize(join(dirname(file), path))].some((each) => FILES.includes(each)),
      )
      .map((path) => `${file}: ${path}`),
  );
  expect(missing).toEqual([]);
});

test("docs/security.md names only tests that exist", () => {
  const names = Array.from(
    read("docs/security.md").matchAll(/`((?:unit|preview|okeanos|calls|lab)\/[\w/-]+)`/g),
    ([, name = ""]) => name,
  );
  expect(names).not.toEqual([]);
  expect(names.filter((name) => !FILES.includes(`tests/${name}.test.ts`))).toEqual([]);
});

test("docs/changes.md mentions every configuration key", () => {
  const text = read("docs/changes.md");
  const keys = Object.keys(settingsSchema.shape);
  expect(keys.filter((key) => !text.includes(`\`pbx:${key}\``))).toEqual([]);
});
