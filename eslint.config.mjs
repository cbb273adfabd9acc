import { readFileSync } from "node:fs";
import pulumi from "@pulumi/eslint-plugin";
import { defineConfig } from "eslint/config";
import tseslint from "typescript-eslint";

/**
 * Folders from the lowest layer to the highest, with the allowed imports of each folder. `imports` lists other folders.
 * `types` lists folders from which only types may be imported. `packages` lists packages other than Node.js's built-in
 * modules. `tests/unit/architecture.test.ts` also checks the imports between folders, without ESLint.
 */
const LAYERS = JSON.parse(readFileSync(new URL("layers.json", import.meta.url), "utf8"));
const FOLDERS = Object.keys(LAYERS);
const TOOLS = ["bench", "tests"];
/** Folders of tests. Each may import the folders before it. `unit` is the last, to test the helpers of the others. */
const TEST_FOLDERS = ["support", "calls", "lab", "okeanos", "preview", "unit"];

/**
 * Returns a regular expression for import specifiers that lead into one of `folders`. `from` matches the beginning of
 * the specifier: by default one or more times `../`.
 */
const into = (folders, from = "(?:\\.\\./)+") =>
  folders.length === 0 ? "(?!)" : `^${from}(?:${folders.join("|")})(?:/|$)`;

const restricted = (files, patterns) => ({
  files,
  rules: { "@typescript-eslint/no-restricted-imports": ["error", { patterns }] },
});

function layer(folder, files, morePackages = []) {
  const { imports, types = [], packages } = LAYERS[folder];
  const others = [...FOLDERS, ...TOOLS, "index", "exchange"].filter((other) => other !== folder);
  const forbidden = others.filter((other) => ![...imports, ...types].includes(other));
  const named = [...packages, ...morePackages, "(?!)"].join("|");
  const may = (what, names) =>
    `${folder}/ may import only ${what}: ${names.join(", ")} (see layers.json).`;
  return restricted(files, [
    { regex: into(forbidden), message: may("these folders", [...imports, ...types]) },
    {
      regex: types.length === 0 ? "(?!)" : into(types),
      allowTypeImports: true,
      message: may("types from these folders", types),
    },
    {
      regex: `^(?!\\.|node:|(?:${named})(?:/|$))`,
      message: may("these packages", packages),
    },
  ]);
}

export default defineConfig(
  { ignores: ["node_modules/", ".trunkline/", "coverage/"] },
  {
    files: ["**/*.ts"],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true } },
    plugins: { "@pulumi": pulumi },
    rules: {
      "@typescript-eslint/no-floating-promises": "error",
      "@typescript-eslint/consistent-type-imports": ["error", { fixStyle: "inline-type-imports" }],
      "@typescript-eslint/no-unused-vars": ["error", { ignoreRestSiblings: true }],
      "@typescript-eslint/switch-exhaustiveness-check": "error",
      "no-duplicate-imports": "error",
      "no-useless-rename": "error",
      "object-shorthand": "error",
      // An Output in a template literal prints a warning instead of its value.
      "@pulumi/no-output-in-template-literal": "error",
      "@pulumi/no-output-instance-in-template-literal": "error",
    },
  },

  ...FOLDERS.map((folder) => layer(folder, [`${folder}/**/*.ts`])),
  // Only config/load.ts may read the configuration from Pulumi.
  layer("config", ["config/load.ts"], ["@pulumi/pulumi"]),
  restricted(
    ["index.ts", "exchange.ts"],
    [
      {
        regex: into(
          [...FOLDERS, ...TOOLS].filter(
            (folder) => !["components", "config", "core", "plan"].includes(folder),
          ),
          "\\./",
        ),
        message: "The Pulumi program may import only components/, config/, core/ and plan/.",
      },
    ],
  ),
  ...TEST_FOLDERS.map((folder, index) =>
    restricted(
      [`tests/${folder}/**/*.ts`],
      [
        {
          regex: into(TEST_FOLDERS.slice(index + 1), "(?:\\.\\./)+(?:tests/)?"),
          message: `tests/${folder}/ may import only these folders of tests: ${TEST_FOLDERS.slice(0, index).join(", ") || "none"}.`,
        },
        { regex: into(["bench"]), message: "tests/ must not import bench/." },
      ],
    ),
  ),
  restricted(
    ["bench/**/*.ts"],
    [
      {
        regex: into(["index", "exchange", "components", "provider"]),
        message: "bench/ must not import the Pulumi program or the provider: it only runs them.",
      },
    ],
  ),
  restricted(
    ["tests/okeanos/synnefo/**/*.ts"],
    [
      {
        regex: "^(?:\\.\\./|(?!\\.|node:|ip-address$))",
        message: "The simulated cloud must not import the code that is tested with it.",
      },
    ],
  ),
  {
    files: ["**/*.ts"],
    ignores: ["config/load.ts"],
    rules: {
      "no-restricted-syntax": [
        "error",
        {
          selector: "NewExpression[callee.property.name='Config']",
          message: "Configuration is read in one place: config/load.ts.",
        },
      ],
    },
  },
);
