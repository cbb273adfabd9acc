import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { capitalised, line, type PackageShapes, type Shape, type Shapes } from "./shape";

/** The parts of a Pulumi package schema that define names and types. */
interface PackageSpec {
  readonly provider: ResourceSpec;
  readonly resources: Readonly<Record<string, ResourceSpec>>;
  readonly functions: Readonly<Record<string, FunctionSpec>>;
  readonly types: Readonly<Record<string, ObjectSpec>>;
}

interface FunctionSpec {
  readonly inputs?: ObjectSpec;
  readonly outputs?: ObjectSpec;
}

interface ObjectSpec {
  readonly properties?: Readonly<Record<string, PropertySpec>>;
  readonly required?: readonly string[];
  /** Replaces `required` for the inputs or outputs of a nested type. */
  readonly language?: {
    readonly nodejs?: {
      readonly requiredInputs?: readonly string[];
      readonly requiredOutputs?: readonly string[];
    };
  };
}

interface ResourceSpec extends ObjectSpec {
  readonly inputProperties?: Readonly<Record<string, PropertySpec>>;
  readonly requiredInputs?: readonly string[];
}

interface PropertySpec {
  readonly type?: string;
  readonly items?: PropertySpec;
  readonly $ref?: string;
}

/** Returns the shapes of the openstack package from the schema of the plugin that `pulumi` runs. */
export function pluginShapes(): PackageShapes {
  const { provider, resources, functions, types } = pluginSchema();
  const shapes: PackageShapes = new Map([["openstack", resourceShapes(provider)]]);
  for (const [token, spec] of Object.entries(resources)) {
    shapes.set(token, resourceShapes(spec));
  }
  for (const [token, { inputs, outputs }] of Object.entries(functions)) {
    shapes.set(token, {
      inputs: shape(inputs?.properties, inputs?.required),
      outputs: shape(outputs?.properties, outputs?.required),
    });
  }
  for (const [token, { properties, required, language }] of Object.entries(types)) {
    shapes.set(nestedName(token), {
      inputs: shape(properties, language?.nodejs?.requiredInputs ?? required),
      outputs: shape(properties, language?.nodejs?.requiredOutputs ?? required),
    });
  }
  return shapes;
}

function pluginSchema(): PackageSpec {
  const { version } = JSON.parse(
    readFileSync(require.resolve("@pulumi/openstack/package.json"), "utf8"),
  ) as { version: string };
  const plugin = `openstack@${version.replace(/^v/, "")}`;
  const { status, stdout } = spawnSync("pulumi", ["package", "get-schema", plugin], {
    encoding: "utf8",
    maxBuffer: 64 << 20,
  });
  if (status !== 0) {
    throw new Error(
      `pulumi returns no schema of plugin ${plugin}; run: make tools; eval "$(make -s env)"`,
    );
  }
  return JSON.parse(stdout) as PackageSpec;
}

function resourceShapes(spec: ResourceSpec): Shapes {
  return {
    inputs: shape(spec.inputProperties, spec.requiredInputs),
    outputs: shape(spec.properties, spec.required),
  };
}

function shape(properties: ObjectSpec["properties"] = {}, required: readonly string[] = []): Shape {
  return Object.entries(properties)
    .map(([name, spec]) => line(name, !required.includes(name), typeName(spec)))
    .sort();
}

function typeName({ type = "unknown", items, $ref }: PropertySpec): string {
  if ($ref !== undefined) {
    return nestedName($ref.replace("#/types/", ""));
  }
  if (items !== undefined) {
    return `${typeName(items)}[]`;
  }
  return { integer: "number", object: "map" }[type] ?? type;
}

/** Converts `openstack:networking/PortFixedIp:PortFixedIp` to `networking.PortFixedIp`, the name in the SDK. */
function nestedName(token: string): string {
  const [, module = "", name = ""] = token.split(":");
  return `${module.replace(/\/.*/, "")}.${capitalised(name)}`;
}
