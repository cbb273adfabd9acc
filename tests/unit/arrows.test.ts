import { execFileSync } from "node:child_process";
import { join } from "node:path";

const ROOT = join(__dirname, "../..");

/** Files that would import what they must not, and a few that may. */
const IMPORTS: readonly (readonly [file: string, imported: string, allowed: boolean])[] = [
  ["templates/engine.ts", "handlebars", true],
  ["templates/engine.ts", "zod", true],
  ["templates/engine.ts", "@pulumi/pulumi", false],
  ["templates/engine.ts", "../config/schema", false],
  ["templates/engine.ts", "../plan/exchange", false],
  ["templates/engine.ts", "../components/zone", false],
  ["templates/engine.ts", "ip-address", false],
  ["plan/exchange.ts", "../templates/context", true],
  ["plan/exchange.ts", "../config/users", true],
  ["plan/exchange.ts", "../config/schema", false],
  ["plan/exchange.ts", "../config/load", false],
  ["plan/exchange.ts", "../templates/user-data", false],
  ["plan/exchange.ts", "../components/zone", false],
  ["plan/exchange.ts", "@pulumi/pulumi", false],
  ["config/schema.ts", "../plan/address-plan", true],
  ["config/schema.ts", "../plan/secrets", false],
  ["config/schema.ts", "../components/zone", false],
  ["config/schema.ts", "@pulumi/pulumi", false],
  ["config/schema.ts", "@pulumi/pulumi/runtime/config", false],
  ["config/load.ts", "@pulumi/pulumi/runtime/config", true],
  ["config/load.ts", "@pulumi/openstack", false],
  ["components/zone.ts", "@pulumi/openstack", true],
  ["components/zone.ts", "../templates", true],
  ["components/zone.ts", "../plan/exchange", true],
  ["components/zone.ts", "../config/load", false],
  ["components/zone.ts", "../cli/up", false],
  ["components/zone.ts", "handlebars", false],
  // As an import of values: types alone may cross.
  ["components/zone.ts", "../provider/inputs", false],
  ["components/zone.ts", "../provider/session", false],
  ["autoscaler/act.ts", "@pulumi/pulumi/automation", true],
  ["autoscaler/act.ts", "../cli/command", true],
  ["autoscaler/act.ts", "../cli/stack", false],
  ["autoscaler/openstack/session.ts", "../../cli/stack", false],
  ["autoscaler/act.ts", "../components/zone", false],
  ["autoscaler/act.ts", "./cloud", true],
  ["autoscaler/act.ts", "./openstack", false],
  ["autoscaler/act.ts", "./okeanos", false],
  ["autoscaler/act.ts", "../provider/okeanos/client", false],
  ["autoscaler/okeanos/limits.ts", "../../provider/okeanos/client", true],
  ["autoscaler/okeanos/limits.ts", "../openstack", false],
  ["autoscaler/okeanos/limits.ts", "../../cli/stack", false],
  ["autoscaler/openstack/limits.ts", "../../provider/okeanos/client", false],
  ["autoscaler/openstack/limits.ts", "../../components/zone", false],
  ["cli/autoscale/cloud.ts", "../../autoscaler/okeanos", true],
  ["components/cloud/okeanos.ts", "../bootstrap", true],
  ["components/cloud/okeanos.ts", "../../plan/exchange", true],
  ["components/cloud/okeanos.ts", "../../config/load", false],
  ["components/cloud/okeanos.ts", "../../provider/okeanos/client", false],
  ["components/cloud/okeanos.ts", "handlebars", false],
  ["cli/up.ts", "../components/zone", false],
  ["phones/call.ts", "../components/zone", false],
  ["autoscaler/metrics.ts", "../components/zone", false],
  ["autoscaler/metrics.ts", "../provider/haproxy", true],
  ["simulation/trunkline.ts", "../autoscaler/decide", true],
  ["simulation/trunkline.ts", "../cli/stack", false],
  ["simulation/trunkline.ts", "@pulumi/pulumi", false],
  ["cli/pbx/status.ts", "../../components/zone", false],
  ["tests/okeanos/synnefo/servers.ts", "./books", true],
  ["tests/okeanos/synnefo/servers.ts", "../exchanges", false],
];

/** Asked in a process of its own: ESLint's configuration is an ES module, which jest cannot load. */
const ASK = `
  import { ESLint } from "eslint";
  import tseslint from "typescript-eslint";
  const eslint = new ESLint({
    // Arrows need no types, and a program of all files takes seconds to make.
    overrideConfig: [
      { files: ["**/*.ts"], ...tseslint.configs.disableTypeChecked },
      { files: ["**/*.ts"], languageOptions: { parserOptions: { projectService: false } } },
      { files: ["**/*.ts"], rules: {
        "@pulumi/no-output-in-template-literal": "off",
        "@pulumi/no-output-instance-in-template-literal": "off",
      } },
    ],
  });
  const faults = [];
  for (const [filePath, imported] of JSON.parse(process.argv[1])) {
    const text = "import { x } from " + JSON.stringify(imported) + ";\\nexport const y = x;\\n";
    const [{ messages }] = await eslint.lintText(text, { filePath });
    faults.push(messages.map(({ ruleId, message }) => ruleId ?? message));
  }
  console.log(JSON.stringify(faults));
`;

test("an import against the direction of dependencies fails the lint", () => {
  const output = execFileSync(
    process.execPath,
    ["--input-type=module", "--eval", ASK, JSON.stringify(IMPORTS)],
    { cwd: ROOT, encoding: "utf8" },
  );
  const faults = JSON.parse(output) as string[][];
  expect(IMPORTS.map(([file, imported], index) => [file, imported, faults[index]])).toEqual(
    IMPORTS.map(([file, imported, allowed]) => [
      file,
      imported,
      allowed ? [] : ["@typescript-eslint/no-restricted-imports"],
    ]),
  );
});
