import * as pulumi from "@pulumi/pulumi";
import type { NodeConfigInputs } from "../../provider/inputs";
import type { Access } from "../../ssh/access";

/** Properties of `T`, each of which may be an output of another resource. */
export type Inputs<T> = { readonly [Key in keyof T]: pulumi.Input<T[Key]> };

export type NodeConfigArgs = Inputs<Omit<NodeConfigInputs, "access">> & {
  readonly access: Inputs<Access>;
};

/** Files of a running node. Applies every change after the first boot. Implemented in `provider/`. */
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

export function secretAccess(access: Inputs<Access>): Inputs<Access> {
  return { ...access, privateKey: pulumi.secret(access.privateKey) };
}
