import { readFileSync } from "node:fs";
import pulumi from "@pulumi/eslint-plugin";
import { defineConfig } from "eslint/config";
import tseslint from "typescript-eslint";

/**
 * Folders from the lowest layer to the highest, with the allowed imports of each folder. `imports` lists other folders.
 * `types` lists folders from which only types may be imported. `packages` lists packages other than Node's own modules.
 * `tests/unit/architecture.test.ts` checks the same rules for every file.
 */
const LAYERS = JSON.parse(readFileSync(new URL("layers.json", import.meta.url), "utf8"));
const FOLDERS = Object.keys(LAYERS);
const TOOLS = ["bench", "tests"];
/** Folders of tests, each of which may import the ones before it. */
const TEST_FOLDERS = ["support", "calls", "lab", "okeanos", "preview", "unit"];

/** Returns a pattern of import specifiers that lead from a folder, or from the root, into one of `folders`. */
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
  const may = (what, names) => `${folder}/ imports ${what}: ${names.join(", ")} (layers.json).`;
  return restricted(files, [
    { regex: into(forbidden), message: may("these folders alone", [...imports, ...types]) },
    {
      regex: types.length === 0 ? "(?!)" : into(types),
      allowTypeImports: true,
      message: may("types alone of these folders", types),
    },
    {
      regex: `^(?!\\.|node:|(?:${named})(?:/|$))`,
      message: may("these packages alone", packages),
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
      // An Output in a template literal prints a warning instead of its value.
      "@pulumi/no-output-in-template-literal": "error",
      "@pulumi/no-output-instance-in-template-literal": "error",
    },
  },

  ...FOLDERS.map((folder) => layer(folder, [`${folder}/**/*.ts`])),
  // Only this file reads the configuration from Pulumi.
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
        message: "The program is made of components/, config/, core/ and plan/.",
      },
    ],
  ),
  // A level of tests imports only helpers of earlier levels; unit tests test the helpers as well.
  ...TEST_FOLDERS.map((folder, index) =>
    restricted(
      [`tests/${folder}/**/*.ts`],
      [
        {
          regex: into(TEST_FOLDERS.slice(index + 1), "(?:\\.\\./)+(?:tests/)?"),
          message: `tests/${folder}/ imports only these folders of tests: ${TEST_FOLDERS.slice(0, index).join(", ") || "none"}.`,
        },
        { regex: into(["bench"]), message: "bench/ imports tests/, not the other way round." },
      ],
    ),
  ),
  restricted(
    ["bench/**/*.ts"],
    [
      {
        regex: into(["index", "exchange", "components", "provider"]),
        message: "bench/ measures from outside.",
      },
    ],
  ),
  restricted(
    ["tests/okeanos/synnefo/**/*.ts"],
    [
      {
        regex: "^(?:\\.\\./|(?!\\.|node:|ip-address$))",
        message: "The cloud of the tests knows nothing of the code that it tests.",
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
