import * as pulumi from "@pulumi/pulumi";
import type { OkeanosNetworkInputs } from "../provider/inputs";
import type { Inputs } from "./node-config";

/** Private network of Okeanos with its subnet. Implemented in `provider/`. */
export class OkeanosNetwork extends pulumi.CustomResource {
  declare readonly subnetId: pulumi.Output<string>;

  constructor(
    name: string,
    args: Inputs<OkeanosNetworkInputs>,
    opts: pulumi.CustomResourceOptions = {},
  ) {
    super("pbx:okeanos:Network", name, { ...args, subnetId: undefined }, opts);
  }
}
