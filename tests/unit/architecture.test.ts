import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import ts from "typescript";
import { ROOT } from "../../core/paths";

interface Layer {
  readonly imports: readonly string[];
  /** Folders from which only types are imported. */
  readonly types?: readonly string[];
  readonly packages: readonly string[];
}

const read = (path: string): string => readFileSync(join(ROOT, path), "utf8");
const LAYERS = JSON.parse(read("layers.json")) as Readonly<Record<string, Layer>>;
const FOLDERS = Object.keys(LAYERS);
/** Folders that measure and test the layers. They are not layers themselves. */
const TOOLS = ["bench", "tests"];
/** Maximum share of one layer in the lines of code of all layers. */
const LARGEST = 0.15;

const FILES = execFileSync("git", ["ls-files", "*.ts"], { cwd: ROOT, encoding: "utf8" })
  .split("\n")
  .filter((file) => file !== "" && existsSync(join(ROOT, file)));
const folderOf = (file: string): string => (file.includes("/") ? (file.split("/")[0] ?? "") : ".");

function importsOf(file: string): string[] {
  return ts
    .preProcessFile(read(file))
    .importedFiles.filter(({ fileName }) => fileName.startsWith("."))
    .flatMap(({ fileName }) => {
      const path = normalize(join(dirname(file), fileName));
      return [`${path}.ts`, `${path}/index.ts`].filter((each) => FILES.includes(each)).slice(0, 1);
    });
}
const IMPORTS = new Map(FILES.map((file) => [file, importsOf(file)]));

/** Returns the folders that each folder imports, with the number of imports. */
function folderGraph(): Map<string, Map<string, number>> {
  const graph = new Map([".", ...FOLDERS].map((folder) => [folder, new Map<string, number>()]));
  for (const [file, imports] of IMPORTS) {
    const from = folderOf(file);
    for (const to of imports.map(folderOf)) {
      const row = graph.get(from);
      if (row !== undefined && to !== from) row.set(to, (row.get(to) ?? 0) + 1);
    }
  }
  return graph;
}

test("every layer imports only folders that layers.json names for it (prints the graph of imports)", () => {
  const graph = folderGraph();
  const lines = [...graph].map(([folder, row]) => {
    const arrows = [...row].map(([to, count]) => `${to} (${String(count)})`);
    return `${folder.padEnd(11)} -> ${arrows.join(", ")}`;
  });
  process.stdout.write(`${lines.join("\n")}\n`);
  for (const [folder, { imports, types = [] }] of Object.entries(LAYERS)) {
    const unnamed = [...(graph.get(folder)?.keys() ?? [])].filter(
      (to) => ![...imports, ...types].includes(to),
    );
    expect([folder, unnamed]).toEqual([folder, []]);
  }
});

test("layers.json names only lower layers for each folder", () => {
  for (const [index, [folder, { imports, types = [] }]] of Object.entries(LAYERS).entries()) {
    const notLower = [...imports, ...types].filter((to) => !FOLDERS.slice(0, index).includes(to));
    expect([folder, notLower]).toEqual([folder, []]);
  }
});

test("docs/architecture.md has the table of layers.json", () => {
  const names = (cell = ""): string[] => cell.split(",").flatMap((name) => name.trim() || []);
  const rows = Array.from(
    read("docs/architecture.md").matchAll(/^\| `([a-z]+)` +\|([a-z, ]*)\|([a-z, ]*)\|$/gm),
    ([, folder = "", imports, types]): [string, string[], string[]] => [
      ...([folder, names(imports), names(types)] as const),
    ],
  );
  expect(rows).toEqual(
    Object.entries(LAYERS).map(([folder, { imports, types = [] }]) => [folder, imports, types]),
  );
});

test("every folder of TypeScript except bench and tests is a layer, with at most 15 % of the layers' lines", () => {
  const folders = new Set(FILES.map(folderOf));
  expect([...folders].sort()).toEqual([".", ...FOLDERS, ...TOOLS].sort());
  const lines = new Map(FOLDERS.map((folder) => [folder, 0]));
  for (const file of FILES) {
    const sum = lines.get(folderOf(file));
    if (sum !== undefined) lines.set(folderOf(file), sum + read(file).split("\n").length);
  }
  const all = [...lines.values()].reduce((sum, count) => sum + count, 0);
  expect([...lines].filter(([, count]) => count > LARGEST * all)).toEqual([]);
});

test("no file imports itself through other files", () => {
  const done = new Set<string>();
  const walk = (file: string, way: readonly string[]): readonly string[] | null => {
    if (way.includes(file)) return [...way.slice(way.indexOf(file)), file];
    if (done.has(file)) return null;
    for (const next of IMPORTS.get(file) ?? []) {
      const cycle = walk(next, [...way, file]);
      if (cycle !== null) return cycle;
    }
    done.add(file);
    return null;
  };
  expect(FILES.map((file) => walk(file, [])).find((cycle) => cycle !== null) ?? []).toEqual([]);
});

test("the table of folders in the README lists exactly the folders of the tree that are not hidden", () => {
  const tree = execFileSync("git", ["ls-files"], { cwd: ROOT, encoding: "utf8" }).split("\n");
  const folders = new Set(tree.filter((file) => file.includes("/")).map(folderOf));
  const listed = Array.from(
    read("README.md").matchAll(/^\| `([a-z]+)\/` +\|/gm),
    ([, name]) => name,
  );
  expect(listed.sort()).toEqual([...folders].filter((folder) => !folder.startsWith(".")).sort());
});

/** Script for a separate process: ESLint's configuration is an ES module, which Jest cannot load. */
const LINT = `
  import { ESLint } from "eslint";
  import tseslint from "typescript-eslint";
  const eslint = new ESLint({
    // Rules that need types are off: the types of all files take seconds to load, and the rule for imports needs none.
    overrideConfig: [
      { files: ["**/*.ts"], ...tseslint.configs.disableTypeChecked },
      { files: ["**/*.ts"], languageOptions: { parserOptions: { projectService: false } } },
      { files: ["**/*.ts"], rules: {
        "@pulumi/no-output-in-template-literal": "off",
        "@pulumi/no-output-instance-in-template-literal": "off",
      } },
    ],
  });
  const results = [];
  for (const [filePath, statement] of JSON.parse(process.argv[1])) {
    const [{ messages }] = await eslint.lintText(statement, { filePath });
    results.push(messages.map(({ ruleId, message }) => ruleId ?? message));
  }
  console.log(JSON.stringify(results));
`;

test("ESLint accepts imports that layers.json names, and rejects others", () => {
  const asValue = (specifier: string): string =>
    `import { x } from ${JSON.stringify(specifier)};\nexport const y = x;\n`;
  const asType = (specifier: string): string =>
    `import type { X } from ${JSON.stringify(specifier)};\nexport type Y = X;\n`;
  const cases = Object.entries(LAYERS).flatMap(([folder, { imports, types = [], packages }]) => {
    const file = `${folder}/file.ts`;
    const others = [...FOLDERS, ...TOOLS].filter((other) => other !== folder);
    return [
      ...others.map((other) => ({
        file,
        statement: asValue(`../${other}/file`),
        allowed: imports.includes(other),
      })),
      ...types.map((other) => ({
        file,
        statement: asType(`../${other}/file`),
        allowed: true,
      })),
      ...[...packages, "left-pad"].map((name) => ({
        file,
        statement: asValue(name),
        allowed: name !== "left-pad",
      })),
      {
        file: `${folder}/deeper/file.ts`,
        statement: asValue("../../tests/file"),
        allowed: false,
      },
    ];
  });
  cases.push(
    { file: "tests/calls/file.ts", statement: asValue("../lab/file"), allowed: false },
    { file: "tests/calls/support/file.ts", statement: asValue("../../unit/file"), allowed: false },
    { file: "tests/lab/file.ts", statement: asValue("../calls/support/file"), allowed: true },
    { file: "tests/unit/core/file.ts", statement: asValue("../../../bench/file"), allowed: false },
    { file: "bench/file.ts", statement: asValue("../tests/support/file"), allowed: true },
    { file: "bench/file.ts", statement: asValue("../components/file"), allowed: false },
    { file: "index.ts", statement: asValue("./components/file"), allowed: true },
    { file: "index.ts", statement: asValue("./provider/file"), allowed: false },
    { file: "config/load.ts", statement: asValue("@pulumi/pulumi"), allowed: true },
  );
  const output = execFileSync(
    process.execPath,
    [
      "--input-type=module",
      "--eval",
      LINT,
      JSON.stringify(cases.map(({ file, statement }) => [file, statement])),
    ],
    { cwd: ROOT, encoding: "utf8" },
  );
  const results = JSON.parse(output) as string[][];
  const actual = cases.map((each, index) => ({ ...each, rules: results[index] }));
  expect(actual).toEqual(
    cases.map((each) => ({
      ...each,
      rules: each.allowed ? [] : ["@typescript-eslint/no-restricted-imports"],
    })),
  );
});

test("no two exported types have the same name", () => {
  const filesOf = new Map<string, string[]>();
  for (const file of FILES) {
    for (const [, name = ""] of read(file).matchAll(
      /^export (?:abstract )?(?:class|enum|interface|type) (\w+)/gm,
    )) {
      filesOf.set(name, [...(filesOf.get(name) ?? []), file]);
    }
  }
  expect([...filesOf].filter(([, files]) => files.length > 1)).toEqual([]);
});
