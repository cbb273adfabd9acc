import * as pulumi from "@pulumi/pulumi";
import type { OkeanosServerInputs } from "../provider/inputs";
import type { Inputs } from "./node-config";

/** Server of Okeanos with its addresses. Implemented in `provider/`. */
export class OkeanosServer extends pulumi.CustomResource {
  constructor(
    name: string,
    args: Inputs<OkeanosServerInputs>,
    opts: pulumi.CustomResourceOptions = {},
  ) {
    const secrets = { userData: pulumi.secret(args.userData) };
    super(
      "pbx:okeanos:Server",
      name,
      { ...args, ...secrets },
      { ...opts, additionalSecretOutputs: Object.keys(secrets) },
    );
  }
}
