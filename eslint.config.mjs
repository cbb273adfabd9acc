import pulumi from "@pulumi/eslint-plugin";
import { defineConfig } from "eslint/config";
import tseslint from "typescript-eslint";

/**
 * The direction in which folders may depend on each other. A folder is named by its files, and what
 * it must not import by a pattern of import specifiers; a wrong arrow fails the build.
 *
 *   index.ts -> exchange.ts, config, plan, components
 *   exchange.ts -> plan, components, types of config
 *   components -> plan, templates, types of provider/inputs, @pulumi/*
 *   config -> plan/address-plan, plan/ports, templates/context, zod, croner
 *   plan -> types of config, templates/context, ip-address
 *   templates -> handlebars, yaml, zod
 *   simulation -> autoscaler, config, yaml
 */
const arrows = (files, patterns) => ({
  files,
  rules: { "@typescript-eslint/no-restricted-imports": ["error", { patterns }] },
});
const never = (regex, message) => ({ regex, message });

/** Bare specifiers other than `packages` and Node's own modules. */
const packagesBut = (...packages) =>
  never(
    `^(?!\\.|node:|(?:${packages.join("|")})(?:/|$))`,
    `This folder depends on ${packages.join(", ")} alone.`,
  );
/** Paths to a sibling folder other than `allowed`. */
const siblingsBut = (...allowed) =>
  never(
    `^\\.\\./(?!(?:${allowed.join("|")})(?:/|$))`,
    allowed.length === 0
      ? "This folder depends on no other."
      : `This folder depends on ${allowed.join(", ")} alone.`,
  );
const NOTHING = "(?!)";
const FROM_OUTSIDE = [
  never("^(?:\\.\\./)+(?:components|index)(?:/|$)", "Tools see a stack from outside."),
];
const OF_AUTOSCALER = [
  ...FROM_OUTSIDE,
  never(
    "^(?:\\.\\./)+cli/(?!command$)",
    "The command line puts the autoscaler together, and not the other way round.",
  ),
];

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
      // An Output in a template literal prints as a warning about itself.
      "@pulumi/no-output-in-template-literal": "error",
      "@pulumi/no-output-instance-in-template-literal": "error",
    },
  },

  arrows(["templates/**/*.ts"], [packagesBut("handlebars", "yaml", "zod"), siblingsBut(NOTHING)]),
  arrows(
    ["plan/**/*.ts"],
    [
      packagesBut("ip-address"),
      siblingsBut("config/(?:schema|users)", "templates/context"),
      {
        regex: "^\\.\\./config/schema",
        allowTypeImports: true,
        message: "A plan is made of parsed settings: import their types only.",
      },
    ],
  ),
  arrows(
    ["config/**/*.ts"],
    [packagesBut("zod", "croner"), siblingsBut("plan/(?:address-plan|ports)", "templates/context")],
  ),
  arrows(
    ["config/load.ts"],
    [
      packagesBut("@pulumi/pulumi/runtime/config"),
      siblingsBut("plan/(?:address-plan|ports)", "templates/context"),
    ],
  ),
  arrows(
    ["components/**/*.ts"],
    [
      packagesBut("@pulumi/pulumi", "@pulumi/openstack"),
      siblingsBut("plan", "templates", "provider/inputs"),
      {
        regex: "^\\.\\./provider/inputs",
        allowTypeImports: true,
        message: "A provider is another process: import the types of its inputs only.",
      },
    ],
  ),
  arrows(
    ["components/cloud/**/*.ts"],
    [
      packagesBut("@pulumi/pulumi", "@pulumi/openstack"),
      never(
        "^\\.\\./\\.\\./(?!(?:plan|templates|provider/inputs)(?:/|$))",
        "This folder depends on components, plan, templates, provider/inputs alone.",
      ),
      {
        regex: "^\\.\\./\\.\\./provider/inputs",
        allowTypeImports: true,
        message: "A provider is another process: import the types of its inputs only.",
      },
    ],
  ),
  arrows(["cli/**/*.ts", "phones/**/*.ts"], FROM_OUTSIDE),
  arrows(
    ["autoscaler/*.ts"],
    [
      ...OF_AUTOSCALER,
      never("(?:openstack|okeanos)(?:/|$)", "The command line chooses the kind of the cloud."),
    ],
  ),
  arrows(
    ["autoscaler/openstack/**/*.ts"],
    [...OF_AUTOSCALER, never("okeanos(?:/|$)", "One kind of cloud knows nothing of another.")],
  ),
  arrows(
    ["autoscaler/okeanos/**/*.ts"],
    [...OF_AUTOSCALER, never("openstack(?:/|$)", "One kind of cloud knows nothing of another.")],
  ),
  // The cloud of the tests knows nothing of the recording that it is compared with.
  arrows(["tests/okeanos/synnefo/**/*.ts"], [packagesBut("ip-address"), siblingsBut(NOTHING)]),
  arrows(
    ["simulation/*.ts"],
    [packagesBut("yaml"), siblingsBut("autoscaler", "config", "cli/command$")],
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
