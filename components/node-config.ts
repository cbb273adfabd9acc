import * as pulumi from "@pulumi/pulumi";
import type { Access } from "../ssh/access";
import type { NodeConfigInputs } from "../provider/inputs";

/** Each property of `T` as another resource may supply it. */
export type Inputs<T> = { readonly [Key in keyof T]: pulumi.Input<T[Key]> };

export type NodeConfigArgs = Inputs<Omit<NodeConfigInputs, "access">> & {
  readonly access: Inputs<Access>;
};

/** The files of a node that runs: every edit after its first boot. Served by `provider/`. */
export class NodeConfig extends pulumi.CustomResource {
  constructor(name: string, args: NodeConfigArgs, opts: pulumi.CustomResourceOptions = {}) {
    const secrets = { access: secretAccess(args.access), contents: pulumi.secret(args.contents) };
    super(
      "pbx:index:NodeConfig",
      name,
      { ...args, ...secrets },
      { ...opts, additionalSecretOutputs: Object.keys(secrets) },
    );
  }
}

/** The way to the nodes, with its key kept secret. */
export function secretAccess(access: Inputs<Access>): Inputs<Access> {
  return { ...access, privateKey: pulumi.secret(access.privateKey) };
}
