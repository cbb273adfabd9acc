import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import ts from "typescript";
import { capitalised, line, type PackageShapes, type Shape } from "./shape";

type Declaration = ts.InterfaceDeclaration | ts.ClassDeclaration;

const sdk = dirname(require.resolve("@pulumi/openstack/package.json"));

/** Returns the shapes of the npm package @pulumi/openstack, read from its declaration files. */
export function sdkShapes(): PackageShapes {
  const shapes: PackageShapes = new Map();
  for (const file of readdirSync(sdk, { recursive: true, encoding: "utf8" })) {
    const token = file.endsWith(".js") ? tokenOf(readFileSync(join(sdk, file), "utf8")) : undefined;
    if (token !== undefined) {
      const declared = declarations(parse(file.replace(/\.js$/, ".d.ts")));
      const name = token.split(":")[2] ?? "Provider";
      shapes.set(token, {
        inputs: shape(declared.get(`${capitalised(name)}Args`)),
        outputs: shape(declared.get(name) ?? declared.get(`${capitalised(name)}Result`)),
      });
    }
  }
  // The provider's outputs are left out: the SDK declares only those that are strings, but the plugin declares all.
  shapes.set("openstack", { inputs: shapes.get("openstack")?.inputs ?? [] });
  for (const [name, inputs] of nestedShapes("types/input.d.ts")) {
    shapes.set(name, { inputs });
  }
  for (const [name, outputs] of nestedShapes("types/output.d.ts")) {
    shapes.set(name, { ...shapes.get(name), outputs });
  }
  return shapes;
}

/** Returns the token of the resource or function in a file of the SDK; undefined for other files, such as an index. */
function tokenOf(javascript: string): string | undefined {
  return /(?:__pulumiType = '|runtime\.invoke\(")(openstack[^'"]*)/.exec(javascript)?.[1];
}

/** Returns the nested types. Each module has a namespace, and each type has an interface. */
function nestedShapes(file: string): (readonly [name: string, shape: Shape])[] {
  return parse(file).flatMap((statement) => {
    if (
      !ts.isModuleDeclaration(statement) ||
      !statement.body ||
      !ts.isModuleBlock(statement.body)
    ) {
      return [];
    }
    const module = statement.name.text;
    const declared = declarations(statement.body.statements);
    return [...declared]
      .filter(([name]) => !isLiftedTwin(name, declared))
      .map(([name, node]) => [`${module}.${name}`, shape(node)] as const);
  });
}

/** Returns whether `name` is a duplicate. Function arguments are declared as `GetX` and, with Inputs, as `GetXArgs`. */
function isLiftedTwin(name: string, declared: ReadonlyMap<string, Declaration>): boolean {
  return name.endsWith("Args") && declared.has(name.slice(0, -"Args".length));
}

function parse(file: string): readonly ts.Statement[] {
  const text = readFileSync(join(sdk, file), "utf8");
  return ts.createSourceFile(file, text, ts.ScriptTarget.ES2022).statements;
}

function declarations(statements: readonly ts.Statement[]): Map<string, Declaration> {
  const named = statements.filter(
    (node) => ts.isInterfaceDeclaration(node) || ts.isClassDeclaration(node),
  );
  return new Map(named.map((node) => [node.name?.text ?? "", node]));
}

function shape(node: Declaration | undefined): Shape {
  const properties = [...(node?.members ?? [])].filter(
    (member) => ts.isPropertySignature(member) || ts.isPropertyDeclaration(member),
  );
  return properties
    .map((property) => {
      const { type, optional } = declaredType(property.type);
      const mayBeLeftOut = optional || property.questionToken !== undefined;
      return line((property.name as ts.Identifier).text, mayBeLeftOut, type);
    })
    .sort();
}

function declaredType(node: ts.TypeNode | undefined): { type: string; optional: boolean } {
  if (node === undefined) {
    return { type: "unknown", optional: false };
  }
  if (ts.isUnionTypeNode(node)) {
    const [value, ...others] = node.types.filter((member) => !isUndefined(member));
    const type = others.length === 0 ? declaredType(value).type : "union";
    return { type, optional: node.types.some(isUndefined) };
  }
  if (ts.isTypeReferenceNode(node)) {
    const [wrapped] = node.typeArguments ?? [];
    // With an argument: pulumi.Input<T> or pulumi.Output<T>. Otherwise a nested type: inputs.networking.PortFixedIp.
    return wrapped ? declaredType(wrapped) : { type: nestedName(node.typeName), optional: false };
  }
  if (ts.isArrayTypeNode(node)) {
    return { type: `${declaredType(node.elementType).type}[]`, optional: false };
  }
  if (ts.isTypeLiteralNode(node)) {
    return { type: "map", optional: false };
  }
  return { type: ts.tokenToString(node.kind) ?? "unknown", optional: false };
}

function isUndefined(node: ts.TypeNode): boolean {
  return node.kind === ts.SyntaxKind.UndefinedKeyword;
}

/** Returns a name such as `inputs.networking.PortFixedIp` without its first segment. */
function nestedName(name: ts.EntityName): string {
  const segments = (node: ts.EntityName): string[] =>
    ts.isIdentifier(node) ? [node.text] : [...segments(node.left), node.right.text];
  return segments(name).slice(1).join(".");
}
